import { defineConfig } from 'vitest/config'

/** With WITH_REPLICA=1 every file has a replica, as one on NFS may have. */
const setupFiles = process.env['WITH_REPLICA'] ? ['test/support/with-replica.ts'] : []

export default defineConfig({
  ssr: { resolve: { conditions: ['@sqlite-efs/source'] } },
  test: { include: ['test/**/*.test.ts'], setupFiles, testTimeout: 60_000, hookTimeout: 60_000 },
})
