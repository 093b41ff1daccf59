// A process of its own: increments the number in a file, without any lock but the lease. Arguments: file, times.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { DynamoDBLeaser } from '../src/index.js'

const [file = '', times = ''] = process.argv.slice(2)
const leaser = new DynamoDBLeaser({
  tableName: 'leases',
  ttlMs: 3000,
  timeoutMs: 60_000,
  maxClockSkewMs: 200,
  requestTimeoutMs: 1300,
})

for (let done = 0; done < Number(times); ) {
  const lease = await leaser.acquire(file)
  const value = Number(readFileSync(file, 'utf8'))
  process.stdout.write('holding\n')
  await delay(5)
  // The commit guard: with less than half left, ask first.
  if (lease.remainingMs() < lease.ttlMs / 2) await lease.renew().catch(() => {})
  if (lease.remainingMs() > 0) {
    writeFileSync(`${file}.${process.pid}`, String(value + 1))
    renameSync(`${file}.${process.pid}`, file)
    process.stdout.write(`wrote ${lease.token}\n`)
    done++
  }
  await lease.release()
}
