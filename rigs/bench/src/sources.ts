import { fileURLToPath } from 'node:url'

/** This package's folder. Right in `src/` and, bundled, in `dist/`. */
export const PACKAGE = fileURLToPath(new URL('../', import.meta.url))

/** The source of a program that a bench starts: it is not where the bundle is that starts it. */
export const source = (name: string) => new URL(`../src/${name}`, import.meta.url)
