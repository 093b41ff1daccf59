import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { copyMigrations } from './copy-migrations.js'
import { installLibsql } from './install-libsql.js'
import { type FunctionReport, measure } from './sizes.js'
import type { Target } from './target.js'

/** What {@link bundle} is told. */
export interface BundleOptions {
  /** Where the functions will run. */
  target: Target
  /** Takes a folder for each function; what is in those is replaced. */
  folder: string
}

/** Each function's package, by the module with its handler. */
const ENTRY_POINTS = {
  api: 'src/handler.ts',
  migrate: 'src/migrate.ts',
  'open-event': 'src/open-event.ts',
} as const

export type FunctionName = keyof typeof ENTRY_POINTS

/** What {@link bundle} made. */
export interface BundleReport {
  target: Target
  /** Each is the content of a Lambda package, with the handler `index.handler`. */
  functions: Readonly<Record<FunctionName, FunctionReport>>
}

const EXAMPLE = fileURLToPath(new URL('../', import.meta.url))

/**
 * Makes the functions' packages, and measures them.
 *
 * @throws Error where a source can't be bundled, or a package that is installed beside it is not there
 */
export async function bundle(options: BundleOptions): Promise<BundleReport> {
  const folders = Object.entries(await makePackages(options))
  const measured = folders.map(async ([name, folder]) => [name, await measure(folder)] as const)
  return {
    target: options.target,
    functions: Object.fromEntries(await Promise.all(measured)) as BundleReport['functions'],
  }
}

/**
 * Makes the functions' packages, each in a folder with its name.
 *
 * @param options - the target may be any platform that libsql has a binary for and pnpm has installed it, such as this machine's
 * @returns those folders
 * @throws as {@link bundle}
 */
export async function makePackages(options: { target: string; folder: string }): Promise<Record<FunctionName, string>> {
  const names = Object.keys(ENTRY_POINTS) as FunctionName[]
  const made = names.map(async (name) => {
    const folder = join(options.folder, name)
    await makePackage(ENTRY_POINTS[name], options.target, folder)
    if (name === 'migrate') await copyMigrations(folder)
    return [name, folder] as const
  })
  return Object.fromEntries(await Promise.all(made)) as Record<FunctionName, string>
}

async function makePackage(entryPoint: string, target: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await build({
    entryPoints: [join(EXAMPLE, entryPoint)],
    outfile: join(folder, 'index.mjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // By default esbuild takes the AWS SDK's CommonJS, of which nothing can be left out. Together: 140 KB less, and a faster start.
    mainFields: ['module', 'main'],
    conditions: ['@sqlite-efs/source', 'module'],
    // The binding to SQLite is a file of its own. OpenTelemetry is optional, and the example does without.
    external: ['libsql', '@opentelemetry/api'],
    logLevel: 'error',
    // What is CommonJS in it asks for Node's own modules by require.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  await installLibsql(target, folder)
}
