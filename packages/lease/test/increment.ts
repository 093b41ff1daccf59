// A process of its own: increments the number in a file, without any lock but the lease. Arguments: how it is had, file, times.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DjangoCompatibleLeaser, DynamoDBLeaser, type Leaser, LocalLeaser } from '../src/index.js'
import { DjangoLock } from './django-lock.js'

const [how = '', file = '', times = ''] = process.argv.slice(2)
const TABLE = { tableName: 'leases' }
const OPTIONS = { ttlMs: 3000, timeoutMs: 60_000, maxClockSkewMs: 200, requestTimeoutMs: 1300 }

const increment = (value: number) => {
  writeFileSync(`${file}.${process.pid}`, String(value + 1))
  renameSync(`${file}.${process.pid}`, file)
}

async function underLease(leaser: Leaser): Promise<void> {
  for (let done = 0; done < Number(times); ) {
    const lease = await leaser.acquire(`database#${file}`)
    const value = Number(readFileSync(file, 'utf8'))
    process.stdout.write('holding\n')
    await delay(5)
    // The commit guard: with less than half left, ask first.
    if (lease.remainingMs() < lease.ttlMs / 2) await lease.renew().catch(() => {})
    if (lease.remainingMs() > 0) {
      increment(value)
      process.stdout.write(`wrote ${lease.token}\n`)
      done++
    }
    await lease.release()
  }
}

/** As a Django application does it. Its expiry is so far off that it needs no guard. */
async function underDjangoLock(): Promise<void> {
  const lock = new DjangoLock(new DynamoDBClient({}), { ...TABLE, path: file, expirationSeconds: 60 })
  for (let done = 0; done < Number(times); ) {
    if ((await lock.acquire()) === undefined) continue
    const value = Number(readFileSync(file, 'utf8'))
    process.stdout.write('holding\n')
    await delay(5)
    increment(value)
    process.stdout.write(`wrote ${lock.lockId}\n`)
    done++
    if (!(await lock.release())) throw new Error('somebody took it away')
  }
}

switch (how) {
  case 'line':
    await underLease(new DynamoDBLeaser({ ...TABLE, ...OPTIONS }))
    break
  case 'files':
    await underLease(new LocalLeaser({ directory: `${file}-lease`, ...OPTIONS }))
    break
  case 'django-compatible':
    await underLease(new DjangoCompatibleLeaser({ ...TABLE, ...OPTIONS }))
    break
  case 'django':
    await underDjangoLock()
    break
  default:
    throw new Error(`There is no way ${how}`)
}
