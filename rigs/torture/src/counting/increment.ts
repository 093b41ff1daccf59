// A process that adds 1 to the counter, again and again: it reads, then writes what it read plus 1.
import { type ClientConfig, openClient } from '../worker/contestants.js'

export interface IncrementTask {
  config: ClientConfig
  transactions: number
}

export interface IncrementResult {
  /** Transactions whose promise resolved. */
  acknowledged: number
  /** Those that failed, by their error's code. */
  failed: Record<string, number>
}

async function increment({ config, transactions }: IncrementTask): Promise<IncrementResult> {
  const { prisma, close } = openClient(config, () => {})
  const result: IncrementResult = { acknowledged: 0, failed: {} }
  for (let count = 0; count < transactions; count++) {
    try {
      await prisma.$transaction(async (tx) => {
        const { value } = await tx.counter.findUniqueOrThrow({ where: { id: 1 } })
        await tx.counter.update({ where: { id: 1 }, data: { value: value + 1 } })
      })
      result.acknowledged++
    } catch (error) {
      const code = String((error as { code?: unknown }).code ?? error)
      result.failed[code] = (result.failed[code] ?? 0) + 1
    }
  }
  await close()
  return result
}

process.on('disconnect', () => process.exit())
process.once('message', (task: IncrementTask) => {
  increment(task).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.send?.('ready')
