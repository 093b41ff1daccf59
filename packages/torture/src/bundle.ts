import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const KEEP_MS = 24 * 3_600_000
const PACKAGE = fileURLToPath(new URL('../', import.meta.url))

/** The worker's program, bundled. */
export const bundleWorker = (): Promise<string> => bundleProgram('worker')

/**
 * A program of `src/` as one module, beside which `libsql` must be installed. It starts with a third of the work that its sources take
 * (and most of what a killed worker costs is the start of the next), and stays what it is when the sources change during a run.
 */
export async function bundleProgram(name: 'worker' | 'lambda-handler'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(PACKAGE, `src/${name}.ts`)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@sqlite-efs/source'],
    mainFields: ['module', 'main'],
    external: ['libsql'],
    logLevel: 'error',
    // What is CommonJS in it asks for Node's own modules by require.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  const { contents } = outputFiles[0]!
  const folder = join(PACKAGE, 'dist')
  const path = join(folder, `${name}-${createHash('sha256').update(contents).digest('hex').slice(0, 16)}.mjs`)
  mkdirSync(folder, { recursive: true })
  forgetOldOnes(folder)
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, contents)
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
