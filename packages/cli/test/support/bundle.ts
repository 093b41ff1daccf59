import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundle } from '@sqlite-efs/toolkit/bundle'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The command line as one module. */
    cli: string
  }
}

/** As deep in the package as its sources; a run on another Node at the same time has its own. */
const BUNDLE = fileURLToPath(new URL(`../../temp/main-${process.pid}.mjs`, import.meta.url))

/** Bundles the command line, once for all tests. */
export async function setup(project: TestProject): Promise<void> {
  await bundle(new URL('../../src/main.ts', import.meta.url), BUNDLE)
  project.provide('cli', BUNDLE)
}

export function teardown(): void {
  rmSync(BUNDLE)
}
