import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { PACKAGE, source } from '../sources.js'
import type { ColdStart } from './first-query.js'

const run = promisify(execFile)

/** A program in one minified module, as it is sent to Lambda; `libsql` is beside it. */
export interface Bundle extends AsyncDisposable {
  path: string
  bytes: number
}

export async function bundleOf(name: string): Promise<Bundle> {
  const path = join(PACKAGE, `dist/cold-${name}-${process.pid}.mjs`)
  const { metafile } = await build({
    entryPoints: [source(`cold-start/${name}.ts`).pathname],
    outfile: path,
    bundle: true,
    minify: true,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@sqlite-efs/source', 'module'],
    mainFields: ['module', 'main'],
    external: ['libsql', '@opentelemetry/api'],
    logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  const [output] = Object.values(metafile.outputs)
  return { path, bytes: output!.bytes, [Symbol.asyncDispose]: () => rm(path, { force: true }) }
}

/** Starts a process, and has it say how far it came and when. */
export async function coldStart({ path }: Bundle, database: string): Promise<ColdStart> {
  const env = {
    ...process.env,
    DATABASE_URL: `file:${database}`,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  }
  const { stdout } = await run(process.execPath, [path], { env })
  return JSON.parse(stdout) as ColdStart
}
