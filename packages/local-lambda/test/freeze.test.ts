import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { useFunctions } from './support/functions.js'

const functions = useFunctions()

const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').length - 1

/** Lets so much time go by that a timer like the one under test ticks a hundred times, in an environment that is not frozen. */
async function whileAnotherTicks(name: string): Promise<void> {
  await functions.start('tick').invoke({ file: functions.file(name), until: 100 })
}

test('a timer of the handler stands still between invocations, and goes on in the next', async () => {
  const fn = functions.start('tick')
  const file = functions.file('ticks')
  const { pid, payload } = await fn.invoke({ file, until: 3 })
  const before = linesOf(file)
  expect(fn.environments).toMatchObject([{ pid, state: 'frozen' }])
  await whileAnotherTicks('another')
  expect(linesOf(file)).toBe(before)

  const next = await fn.invoke({ file, until: before + 20 })
  expect(next).toMatchObject({ pid, coldStart: false })
  expect(Number(next.payload)).toBeGreaterThan(Number(payload))
  expect(linesOf(file)).toBeGreaterThanOrEqual(before + 20)
})

test('work that a handler left unawaited is frozen in the middle, and is done in the next invocation', async () => {
  const fn = functions.start('forget')
  const file = functions.file('steps')
  expect(await fn.invoke({ file, steps: 60 })).toMatchObject({ payload: 'not yet' })
  const before = linesOf(file)
  expect(before).toBeGreaterThan(0)
  await whileAnotherTicks('yet another')
  expect(linesOf(file)).toBe(before)
  expect(before).toBeLessThan(60)

  expect(await fn.invoke({ file, steps: 60 })).toMatchObject({ payload: 'done' })
  expect(linesOf(file)).toBe(60)
})

test('an environment of Managed Instances is never frozen', async () => {
  const fn = functions.start('tick', { invocationsPerEnvironment: 2, env: { AWS_LAMBDA_NODEJS_WORKER_COUNT: '1' } })
  const file = functions.file('ticks-on')
  await fn.invoke({ file, until: 1 })
  const before = linesOf(file)
  expect(fn.environments).toMatchObject([{ state: 'idle' }])
  await whileAnotherTicks('the last')
  expect(linesOf(file)).toBeGreaterThan(before)
})
