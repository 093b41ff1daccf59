import type { LeaseError } from '@sqlite-efs/lease'
import { expect, test } from 'vitest'
import { Machine } from '../src/world/machine.js'
import { World } from '../src/world/world.js'

const KEY = 'database#/mnt/efs/app.db'

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: LeaseError) => error.code,
  )

test('a waiter reports an outage once, and afterwards names the holder again', async () => {
  const world = new World()
  const [a, b] = [new Machine(world), new Machine(world)]
  await world.run(a.leaser().acquire(KEY, { owner: 'alice', timeoutMs: 60_000 }))
  let why: () => LeaseError | undefined = () => undefined
  const onWait = (explain: () => LeaseError) => {
    why = explain
  }
  void codeOf(b.leaser().acquire(KEY, { timeoutMs: 60_000, onWait }))
  const outages = () => b.events.filter(({ type }) => type === 'unanswered').length
  const outage = async () => {
    world.fate = (_, machine) => (machine === b ? { lost: 'request' } : {})
    await world.pass(4000)
    expect(why()?.code).toBe('UNREACHABLE')
    world.fate = () => ({})
    await world.pass(3000)
    expect(why()).toMatchObject({ code: 'LEASE_TIMEOUT', details: { holder: 'alice', position: 1 } })
  }
  await world.pass(100)
  await outage()
  expect(outages()).toBe(1)
  await outage()
  expect(outages()).toBe(2)
})

test('a wait that ends between two attempts reports what the last one met', async () => {
  const world = new World()
  world.fate = () => ({ throttled: true })
  const waiting = new Machine(world).leaser().acquire(KEY, { timeoutMs: 500 })
  const error = await world.run(waiting.catch((e: LeaseError) => e))
  expect(error).toMatchObject({ code: 'UNREACHABLE', message: 'join failed' })
})

test('a waiter far back in the line stays alive, however long it waits', async () => {
  const world = new World()
  for (const owner of ['a', 'b', 'c']) {
    void codeOf(new Machine(world).leaser().acquire(KEY, { owner, timeoutMs: 60_000 }))
    await world.pass(50)
  }
  for (let passedMs = 0; passedMs < 20_000; passedMs += 100) {
    await world.pass(100)
    const line = (await world.store.look(KEY, { consistent: true })).item?.contenders ?? []
    expect(line.map(({ owner, aliveUntilMs }) => [owner, aliveUntilMs > world.nowMs])).toEqual([
      ['a', true],
      ['b', true],
      ['c', true],
    ])
  }
})

test('a waiter that lost its place, and then gets no answer, ends with an error of the lease', async () => {
  const world = new World()
  await world.run(new Machine(world).leaser().acquire(KEY, { owner: 'a', timeoutMs: 60_000 }))
  const outcome = codeOf(new Machine(world).leaser().acquire(KEY, { owner: 'b', timeoutMs: 1900 }))
  await world.pass(1000)
  world.fate = (operation) => (operation === 'join' ? { lost: 'request' } : {})
  const b = (await world.store.look(KEY, { consistent: true })).item?.contenders[1]
  await world.store.leave(KEY, b?.id ?? '')
  expect(await world.run(outcome)).toBe('UNREACHABLE')
  await world.pass(10_000)
  const left = (await world.store.look(KEY, { consistent: true })).item?.contenders
  expect(left?.map(({ owner }) => owner)).toEqual(['a'])
})

test('a wait that is aborted between two attempts reports the abort, and not what they met', async () => {
  const world = new World()
  world.fate = () => ({ throttled: true })
  const controller = new AbortController()
  const waiting = new Machine(world).leaser().acquire(KEY, { timeoutMs: 5000, signal: controller.signal })
  const outcome = codeOf(waiting)
  await world.pass(2000)
  controller.abort()
  expect(await world.run(outcome)).toBe('LEASE_ABORTED')
})

test('a join that arrives late leaves no entry behind, although a later try was throttled', async () => {
  const world = new World()
  const sent = { join: 0, read: 0 }
  world.fate = (operation) => {
    if (operation === 'join') return sent.join++ === 0 ? { requestMs: 1150 } : { throttled: true }
    if (operation === 'read') return sent.read++ === 0 ? {} : { lost: 'request' }
    return {}
  }
  const outcome = codeOf(new Machine(world).leaser().acquire(KEY, { timeoutMs: 1300 }))
  await world.pass(1200)
  expect((await world.store.look(KEY, { consistent: true })).item?.contenders).toHaveLength(1)
  expect(sent.join).toBeGreaterThan(1)
  expect(await world.run(outcome)).toBe('UNREACHABLE')
  // The read that is under way has its time first.
  await world.pass(1100)
  expect((await world.store.look(KEY, { consistent: true })).item?.contenders).toEqual([])
})
