import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { PrismaClient } from '../generated/prisma/client.js'

/** When a new process came how far, in milliseconds since its start, and what processor time that took. */
export interface ColdStart {
  importedMs: number
  connectedMs: number
  queriedMs: number
  processorMs: number
}

export const databaseUrl = process.env['DATABASE_URL'] ?? ''

/** What a Lambda function does before it can answer for the first time. */
export async function firstQuery(makeAdapter: () => SqlDriverAdapterFactory): Promise<void> {
  const importedMs = performance.now()
  const prisma = new PrismaClient({ adapter: makeAdapter() })
  await prisma.$connect()
  const connectedMs = performance.now()
  await prisma.order.findUnique({ where: { id: 1 } })
  const queriedMs = performance.now()
  const { user, system } = process.cpuUsage()
  const coldStart: ColdStart = { importedMs, connectedMs, queriedMs, processorMs: (user + system) / 1000 }
  process.stdout.write(JSON.stringify(coldStart), () => process.exit(0))
}
