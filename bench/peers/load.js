/** Imports a package of this folder, from wherever the caller lies. */
export const load = (name) => import(name)
