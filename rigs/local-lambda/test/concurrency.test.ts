import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { useFunctions } from './support/functions.js'

const functions = useFunctions()
const ONE_THREAD = { AWS_LAMBDA_NODEJS_WORKER_COUNT: '1' }

test('several invocations are under way in one environment of Managed Instances', async () => {
  const fn = functions.start('meet', { environments: 1, invocationsPerEnvironment: 3, env: ONE_THREAD })
  const all = await Promise.all([1, 2, 3].map(() => fn.invoke({ many: 3 })))
  expect(new Set(all.map(({ pid }) => pid)).size).toBe(1)
  expect(all.map(({ payload }) => payload)).toEqual(all.map(({ requestId }) => requestId))
})

test('another environment of Managed Instances is started when one is full', async () => {
  const fn = functions.start('meet', { environments: 2, invocationsPerEnvironment: 2, env: ONE_THREAD })
  const all = await Promise.all([1, 2, 3, 4].map(() => fn.invoke({ many: 2 })))
  expect(new Set(all.map(({ pid }) => pid)).size).toBe(2)
})

test('an invocation that goes on too long on Managed Instances fails, and its environment goes on', async () => {
  const options = { environments: 1, invocationsPerEnvironment: 2, env: ONE_THREAD, timeoutMs: 1_000 }
  const fn = functions.start('late', options)
  await expect(fn.invoke({ first: true })).rejects.toMatchObject({ code: 'TIMED_OUT' })
  const [{ pid } = {}] = fn.environments
  expect(await fn.invoke({})).toMatchObject({ pid, coldStart: false, payload: null })
  // The first one is answered now, too, and nobody waits for it.
  await vi.waitUntil(() => fn.environments[0]?.state === 'idle')
})

test('the handler is loaded once in each worker thread of Managed Instances', async () => {
  const file = functions.file('loads')
  const env = { AWS_LAMBDA_NODEJS_WORKER_COUNT: '2', START: file }
  const fn = functions.start('tick', { environments: 1, invocationsPerEnvironment: 2, env })
  await fn.invoke({ file: functions.file('ticks'), until: 1 })
  await vi.waitUntil(() => readFileSync(file, 'utf8') === 'start\nstart\n', { timeout: 20_000 })
})
