import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { useFunctions } from './support/functions.js'

const functions = useFunctions()

const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').length - 1

/** How many lines a file gets while a timer ticks a hundred times in another environment, which is not frozen. */
async function linesWhileAnotherTicks(file: string): Promise<number> {
  const another = functions.start('tick')
  const ticks = functions.file(`beside ${file.replaceAll('/', ' ')}`)
  await another.invoke({ file: ticks, until: 1 })
  const before = linesOf(file)
  await another.invoke({ file: ticks, until: 101 })
  return linesOf(file) - before
}

test('a timer of the handler stands still between invocations, and goes on in the next', async () => {
  const fn = functions.start('tick')
  const file = functions.file('ticks')
  const { pid, payload } = await fn.invoke({ file, until: 3 })
  expect(fn.environments).toMatchObject([{ pid, state: 'frozen' }])
  expect(await linesWhileAnotherTicks(file)).toBe(0)

  const ticks = Number(payload)
  const next = await fn.invoke({ file, until: ticks + 20 })
  expect(next).toMatchObject({ pid, coldStart: false })
  expect(linesOf(file)).toBeGreaterThanOrEqual(ticks + 20)
})

test('work that a handler left unawaited is frozen in the middle, and goes on in the next invocation', async () => {
  const fn = functions.start('forget')
  const file = functions.file('steps')
  expect(await fn.invoke({ file })).toMatchObject({ payload: 'not yet' })
  expect(await linesWhileAnotherTicks(file)).toBe(0)
  expect(linesOf(file)).toBeGreaterThan(0)
  expect(await fn.invoke({ file })).toMatchObject({ payload: 'done', coldStart: false })
})

test('an environment of Managed Instances is never frozen', async () => {
  const fn = functions.start('tick', { invocationsPerEnvironment: 2, env: { AWS_LAMBDA_NODEJS_WORKER_COUNT: '1' } })
  const file = functions.file('ticks-on')
  await fn.invoke({ file, until: 1 })
  expect(fn.environments).toMatchObject([{ state: 'idle' }])
  expect(await linesWhileAnotherTicks(file)).toBeGreaterThan(0)
})
