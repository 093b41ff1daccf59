import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The command line as one module. */
    cli: string
  }
}

/** As deep in the package as its sources; a run on another Node at the same time has its own. */
const BUNDLE = fileURLToPath(new URL(`../../temp/main-${process.pid}.mjs`, import.meta.url))

/** Bundles the command line, once for all tests: so it starts with a quarter of the work that its sources take. */
export async function setup(project: TestProject): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL('../../src/main.ts', import.meta.url))],
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@sqlite-efs/source'],
    mainFields: ['module', 'main'],
    external: ['libsql'],
    logLevel: 'error',
    // What is CommonJS in it asks for Node's own modules by require.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  })
  project.provide('cli', BUNDLE)
}

export function teardown(): void {
  rmSync(BUNDLE)
}
