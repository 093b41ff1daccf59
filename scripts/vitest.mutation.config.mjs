import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/**
 * Tests that take long, or that can't run in the worker threads that Stryker uses. A mutant that only these kill counts as a survivor.
 */
const SLOW = [
  'limits',
  'long-script',
  'memory',
  'migrations-crash',
  'model',
  'outages',
  'processes',
  'hold',
  'cloud-watch-metrics',
  'leftovers',
  'permissions',
]

// Some tests start processes, which learn of the mutant by their environment.
const setup = fileURLToPath(new URL('mutant-of-children.mjs', import.meta.url))

/** The tests that tell of a file, where the caller knows them: fewer tests for each mutant. */
const only = process.env.MUTATION_TESTS?.split(',').map((name) => `test/${basename(name)}.test.ts`)

export default defineConfig({
  ssr: { resolve: { conditions: ['@sqlite-efs/source'] } },
  test: {
    include: only ?? ['test/**/*.test.ts'],
    exclude: SLOW.map((name) => `test/**/${name}.test.ts`),
    setupFiles: [setup],
    ...(process.env.MUTATION_NAMES && { testNamePattern: process.env.MUTATION_NAMES }),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 10_000 } },
  },
})
