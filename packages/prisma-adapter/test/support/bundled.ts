import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const LIBSQL = fileURLToPath(new URL('../../node_modules/libsql', import.meta.url))

/** Makes one module of a program of this folder, for Node to run alone: tsx has requests of its own under way in a process. */
export async function bundled(program: string, folder: string): Promise<string> {
  const outfile = join(folder, 'program.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL(program, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@sqlite-efs/source'],
    external: ['libsql'],
    logLevel: 'error',
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  })
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(LIBSQL, join(folder, 'node_modules/libsql'))
  return outfile
}
