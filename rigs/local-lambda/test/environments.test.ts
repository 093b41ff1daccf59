import { readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test, vi } from 'vitest'
import { LocalFunction } from '../src/index.js'
import { useFunctions } from './support/functions.js'
import { isAlive } from './support/processes.js'

const functions = useFunctions()

test('an environment is started only where none is idle', async () => {
  const fn = functions.start('end', { environments: 3 })
  const first = await fn.invoke({})
  const second = await fn.invoke({})
  expect([first.coldStart, second.coldStart]).toEqual([true, false])
  expect(second.pid).toBe(first.pid)

  const both = await Promise.all([fn.invoke({}), fn.invoke({})])
  expect(both.map(({ coldStart }) => coldStart)).toEqual([false, true])
  expect(fn.environments).toHaveLength(2)
})

test('invocations wait while all environments are busy', async () => {
  const fn = functions.start('end', { environments: 2 })
  const all = await Promise.all(Array.from({ length: 6 }, () => fn.invoke({})))
  expect(new Set(all.map(({ pid }) => pid)).size).toBe(2)
  expect(all.filter(({ coldStart }) => coldStart)).toHaveLength(2)
})

test('the environment that has rested longest comes next', async () => {
  const fn = functions.start('end')
  await Promise.all([fn.invoke({}), fn.invoke({})])
  const [first, second, third] = [await fn.invoke({}), await fn.invoke({}), await fn.invoke({})]
  expect(second.pid).not.toBe(first.pid)
  expect(third.pid).toBe(first.pid)
})

test.each(['hang', 'block'])(
  'an invocation that goes on too long (%s) is killed, and its environment replaced',
  async (how) => {
    const fn = functions.start('end', { timeoutMs: 1_000 })
    const { pid } = await fn.invoke({})
    const error: unknown = await fn.invoke({ how }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'TIMED_OUT',
      pid,
      payload: {
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringMatching(/^RequestId: [-0-9a-f]{36} Error: Task timed out after 1\.00 seconds$/),
      },
    })
    expect(isAlive(pid)).toBe(false)
    expect(await fn.invoke({})).toMatchObject({ coldStart: true })
  },
)

test.each<[string | number, string]>([
  [3, 'Runtime exited with error: exit status 3'],
  [0, 'Runtime exited without providing a reason'],
  ['SIGKILL', 'Runtime exited with error: signal: killed'],
  ['reject', 'Runtime exited with error: exit status 1'],
])('an environment that ends in an invocation (%s) is reported as Lambda does, and replaced', async (how, reason) => {
  const fn = functions.start('end', { environments: 1 })
  const [died, next] = await Promise.allSettled([fn.invoke({ how }), fn.invoke({})])
  expect(died).toMatchObject({
    status: 'rejected',
    reason: {
      code: 'ENVIRONMENT_DIED',
      payload: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining(` Error: ${reason}`) },
    },
  })
  expect(next).toMatchObject({ status: 'fulfilled', value: { coldStart: true } })
})

test('an environment that dies while it is frozen is replaced, and nobody hears of it', async () => {
  const fn = functions.start('end', { environments: 1 })
  const { pid } = await fn.invoke({})
  process.kill(pid, 'SIGKILL')
  await vi.waitUntil(() => fn.environments.length === 0)
  expect(await fn.invoke({})).toMatchObject({ coldStart: true })
})

test('an error that the handler throws is its answer', async () => {
  const { payload, functionError } = await functions.start('fail').invoke({})
  expect(functionError).toBe('Unhandled')
  expect(payload).toMatchObject({
    errorType: 'TypeError',
    errorMessage: 'not like this',
    trace: expect.arrayContaining(['TypeError: not like this']),
  })
})

test.each([
  ['index.nobody', 'Runtime.HandlerNotFound', 'index.nobody is undefined or not exported'],
  ['index.noFunction', 'Runtime.HandlerNotFound', 'index.noFunction is not a function'],
  ['nothing.handler', 'Runtime.ImportModuleError', "Cannot find module 'nothing'"],
])('a handler that is not there (%s) is reported as Lambda does', async (handler, errorType, errorMessage) => {
  await expect(functions.start('', { handler }).invoke({})).rejects.toMatchObject({
    code: 'INIT_FAILED',
    payload: { errorType, errorMessage: expect.stringContaining(errorMessage) },
  })
})

test('a handler that does not parse is reported as Lambda does', async () => {
  const file = functions.file('index.mjs')
  writeFileSync(file, 'export const handler = (')
  await expect(functions.start('handler', { folder: dirname(file) }).invoke({})).rejects.toMatchObject({
    code: 'INIT_FAILED',
    payload: { errorType: 'Runtime.UserCodeSyntaxError' },
  })
})

test.each([
  ['always', 'INIT_FAILED', { errorType: 'Error', errorMessage: 'this module does not load' }],
  ['exit', 'INIT_FAILED', { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('exit status 7') }],
  ['hang', 'TIMED_OUT', { errorMessage: expect.stringContaining('Task timed out after 1.50 seconds') }],
])('a start that fails (%s) is tried once more', async (how, code, payload) => {
  const file = functions.file(how)
  const bounds = how === 'hang' ? { initTimeoutMs: 1_000, timeoutMs: 1_500 } : {}
  const fn = functions.start('end', { env: { START: file, FAIL: how }, ...bounds })
  await expect(fn.invoke({})).rejects.toMatchObject({ code, payload })
  expect(readFileSync(file, 'utf8')).toBe('start\nstart\n')
})

test('a start that takes too long is ended, and the next one may do better', async () => {
  const file = functions.file('once')
  const fn = functions.start('end', { env: { START: file, FAIL: 'once' }, initTimeoutMs: 1_000 })
  expect(await fn.invoke({})).toMatchObject({ coldStart: true })
  expect(readFileSync(file, 'utf8')).toBe('start\nstart\n')
})

test('a function that is disposed of ends its environments, and says so to who waits', async () => {
  const fn = functions.start('end', { environments: 1 })
  const { pid } = await fn.invoke({})
  const under = [fn.invoke({ how: 'hang' }), fn.invoke({})].map((each) =>
    expect(each).rejects.toMatchObject({ code: 'CLOSED' }),
  )
  await fn[Symbol.asyncDispose]()
  await Promise.all(under)
  expect(isAlive(pid)).toBe(false)
  await expect(fn.invoke({})).rejects.toMatchObject({ code: 'CLOSED' })
})

test('what is wrong with an option is said before anything starts', () => {
  const options = { folder: import.meta.dirname, environments: 1, timeoutMs: 1000 }
  const wrong = (change: object) => () => new LocalFunction({ ...options, ...change })
  expect(wrong({ environments: 0 })).toThrow('environments is 0, and must be a whole number, 1 or more')
  expect(wrong({ timeoutMs: 0.5 })).toThrow('timeoutMs is 0.5')
  expect(wrong({ folder: 'here' })).toThrow('folder is here')
  expect(wrong({ handler: 'handler' })).toThrow('handler is handler')
  expect(wrong({ node: '/no/node' })).toThrow('node is /no/node')
})
