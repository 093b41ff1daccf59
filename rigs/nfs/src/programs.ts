import { execFile } from 'node:child_process'
import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bundleWorker } from '@sqlite-efs/torture'
import { build } from 'esbuild'

const execute = promisify(execFile)
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** What guests run, as files that they see. */
export interface Programs extends AsyncDisposable {
  actor: string
  /** Of rigs/torture. */
  worker: string
  /** To be preloaded: see die-at-write.c. */
  dieAtWrite: string
}

/** Bundles what guests run, into a folder that `Symbol.asyncDispose` removes: through tsx a program takes 8 s to start in a guest, in one file less than one. */
export async function buildPrograms(): Promise<Programs> {
  // Within the package, for libsql to be found, and for this run alone.
  const outdir = here(`../dist/${process.pid}`)
  await build({
    entryPoints: { actor: here('guest/actor.ts') },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@sqlite-efs/source'],
    // It has a native part.
    external: ['libsql'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  })
  const dieAtWrite = join(outdir, 'die-at-write.so')
  await execute('gcc', ['-O2', '-shared', '-fPIC', '-o', dieAtWrite, here('guest/die-at-write.c')])
  const worker = join(outdir, 'worker.mjs')
  await copyFile(await bundleWorker(), worker)
  return {
    actor: join(outdir, 'actor.mjs'),
    worker,
    dieAtWrite,
    [Symbol.asyncDispose]: () => rm(outdir, { recursive: true }),
  }
}
