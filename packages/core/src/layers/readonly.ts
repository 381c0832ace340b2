import { absent, forward, pass, type Layer } from './forward.ts'

/** Takes the methods away that change anything: `put`, `putDirectory`, `delete`, `pin`, `unpin` and `restore`. */
export function readonly(): Layer {
  return (inner) =>
    forward(inner, {
      stat: pass,
      read: pass,
      outboard: pass,
      directory: pass,
      putDirectory: absent,
      put: absent,
      delete: absent,
      list: pass,
      pin: absent,
      unpin: absent,
      providers: pass,
      restore: absent,
      health: pass,
      close: pass,
    })
}
