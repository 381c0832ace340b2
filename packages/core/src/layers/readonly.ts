import { absent, forward, pass, type Layer } from './forward.ts'

/** Takes the methods away that change anything: `put`, `delete`, `pin` and `unpin`. */
export function readonly(): Layer {
  return (inner) =>
    forward(inner, {
      stat: pass,
      read: pass,
      outboard: pass,
      put: absent,
      delete: absent,
      list: pass,
      pin: absent,
      unpin: absent,
      providers: pass,
      health: pass,
      close: pass,
    })
}
