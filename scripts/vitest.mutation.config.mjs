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

/**
 * The tests that tell of a file, where the caller knows them: fewer tests for each mutant. A name is a test of the package, a path from the
 * root of the repository a test of any package or rig.
 */
const only = process.env.MUTATION_TESTS?.split(',').map((name) =>
  name.endsWith('.test.ts') ? fileURLToPath(new URL(`../${name}`, import.meta.url)) : `test/${basename(name)}.test.ts`,
)

/**
 * Stryker mutates a copy of the package. Another package that a test imports may import this one by its name: without this it runs the
 * original, and the mutant survives.
 */
function sourceOfTheCopy() {
  let copy = ''
  let original = ''
  return {
    name: 'source-of-the-copy',
    enforce: 'pre',
    configResolved({ root }) {
      copy = root
      original = root.replace(/\/\.stryker-tmp\/[^/]+$/, '')
    },
    async resolveId(source, importer, options) {
      const resolved = await this.resolve(source, importer, { ...options, skipSelf: true })
      if (!resolved?.id.startsWith(`${original}/src/`)) return resolved
      return { ...resolved, id: copy + resolved.id.slice(original.length) }
    },
  }
}

export default defineConfig({
  plugins: [sourceOfTheCopy()],
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
