// Generates the Prisma client of the package in the current folder: node generate-client.mjs <schema>
// Offline: `prisma generate` needs no schema engine, but downloads one unless this variable names an existing file.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [schema] = process.argv.slice(2)
if (!schema) throw new Error('usage: node generate-client.mjs <schema.prisma>')
const prisma = createRequire(join(process.cwd(), 'package.json')).resolve('prisma/build/index.js')
const { status } = spawnSync(process.execPath, [prisma, 'generate', '--no-hints', '--schema', schema], {
  stdio: 'inherit',
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  },
})
process.exit(status ?? 1)
