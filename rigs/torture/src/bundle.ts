import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '@sqlite-efs/toolkit/bundle'

const KEEP_MS = 24 * 3_600_000
const PACKAGE = fileURLToPath(new URL('../', import.meta.url))

/** The worker's program, bundled. */
export const bundleWorker = (): Promise<string> => bundleProgram('worker/worker')

/**
 * A program of `src/` as one module, for most of what a killed worker costs is the start of the next. It stays what it is when the
 * sources change during a run.
 */
export async function bundleProgram(
  program: 'worker/worker' | 'lambda/lambda-handler' | 'counting/increment',
): Promise<string> {
  const folder = join(PACKAGE, 'dist')
  const name = basename(program)
  mkdirSync(folder, { recursive: true })
  forgetOldOnes(folder)
  const temporary = join(folder, `${name}-${process.pid}.tmp`)
  await bundle(new URL(`${program}.ts`, import.meta.url), temporary)
  const hash = createHash('sha256').update(readFileSync(temporary)).digest('hex').slice(0, 16)
  const path = join(folder, `${name}-${hash}.mjs`)
  renameSync(temporary, path)
  return path
}

/** A run may still start workers from one that is younger. */
function forgetOldOnes(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (Date.now() - statSync(path).mtimeMs > KEEP_MS) rmSync(path, { force: true })
  }
}
