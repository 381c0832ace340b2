/** The faults of the first, second … call; calls after the last have none. Or a function that decides for each call. */
export type Schedule<F, Call> = readonly (readonly F[])[] | ((call: Call) => readonly F[] | Promise<readonly F[]>)

/** The faults of a call. `index` counts from 0, since the schedule was set. */
export async function faultsOf<F, Call>(schedule: Schedule<F, Call>, index: number, call: Call): Promise<readonly F[]> {
  return typeof schedule === 'function' ? schedule(call) : (schedule[index] ?? [])
}
