import { spawnSync } from 'node:child_process'
import { mkdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from './command.ts'
import { start, type Running } from './process.ts'
import { runProgram, type Program } from './program.ts'
import { temporaryFolder } from './will.ts'

/** A machine of its own, as far as the network goes: a network namespace with a loopback and one cable. */
export interface Machine {
  /** Where the other machine reaches it. */
  readonly address: string
  /** A folder for what it stores. */
  readonly folder: string
  /** Runs a Node script on it, from the sources. */
  run(script: string, ...args: readonly string[]): Program
}

/** Two machines, joined by a cable and by nothing else: neither reaches this machine, or any other. */
export interface TwoMachines {
  readonly a: Machine
  readonly b: Machine
  /** Pulls the cable. */
  cut(): Promise<void>
  /** Puts it back. */
  mend(): Promise<void>
  /** Kills what still runs on them, and removes their folders. */
  stop(): Promise<void>
}

const ADDRESSES = ['10.77.0.1', '10.77.0.2'] as const

/** Why there cannot be two machines here; `undefined` when there can. */
export function machinesUnavailable(): string | undefined {
  const able = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0
  if (!able('unshare', '--net', 'true')) return 'needs the right to make network namespaces: root, and unshare'
  if (!able('nsenter', '--version') || !able('ip', '-Version')) return 'needs nsenter and ip'
  return undefined
}

export async function twoMachines(): Promise<TwoMachines> {
  const folder = temporaryFolder('machines')
  const programs: Program[] = []
  const [one, two] = [hold('a', folder.path), hold('b', folder.path)]
  const stop = async (): Promise<void> => {
    await Promise.all(programs.map((each) => each.kill()))
    await Promise.all([one.stop(), two.stop()])
    await folder.remove()
  }
  try {
    const [first, second] = await Promise.all([namespaceOf(one), namespaceOf(two)])
    const ip = (inside: string, text: string): Promise<string> => {
      return command('nsenter', [`--net=${inside}`, 'ip', ...text.split(' ')])
    }
    await ip(first, `link add cable type veth peer name cable netns ${two.pid}`)
    for (const [index, inside] of [first, second].entries()) {
      await ip(inside, `address add ${ADDRESSES[index]}/24 dev cable`)
      await ip(inside, 'link set lo up')
      await ip(inside, 'link set cable up')
    }
    const machine = async (name: string, address: string, inside: string): Promise<Machine> => {
      const place = join(folder.path, name)
      await mkdir(place)
      return {
        address,
        folder: place,
        run(script, ...args) {
          const program = runProgram(script, args, ['nsenter', `--net=${inside}`])
          programs.push(program)
          return program
        },
      }
    }
    return {
      a: await machine('a', ADDRESSES[0], first),
      b: await machine('b', ADDRESSES[1], second),
      cut: async () => void (await ip(first, 'link set cable down')),
      mend: async () => void (await ip(first, 'link set cable up')),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A namespace lives as long as there is a process in it. */
function hold(name: string, folder: string): Running {
  const args = ['--net', 'sleep', 'infinity']
  return start({ name: `machine ${name}`, program: 'unshare', args, log: join(folder, `${name}.log`), grace: 0 })
}

async function namespaceOf(holder: Running): Promise<string> {
  const inside = `/proc/${holder.pid}/ns/net`
  const here = await readlink('/proc/self/ns/net')
  return holder.until('it had a network of its own', async () => {
    return (await readlink(inside)) === here ? undefined : inside
  })
}
