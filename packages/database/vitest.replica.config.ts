import { defineConfig } from 'vitest/config'

/** All tests once more, with a replica of every file. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@sqlite-efs/source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/with-replica.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
