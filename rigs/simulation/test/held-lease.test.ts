import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LeaseError } from '@sqlite-efs/lease'
import { expect, onTestFinished, test } from 'vitest'
import { Machine } from '../src/world/machine.js'
import { World } from '../src/world/world.js'

const KEY = 'database#/mnt/efs/app.db'
const PROGRAM = fileURLToPath(new URL('./hold-and-end.ts', import.meta.url))

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: LeaseError) => error.code,
  )

async function held() {
  const world = new World()
  const machine = new Machine(world)
  const lease = await world.run(machine.leaser().acquire(KEY))
  world.requests.length = 0
  return { world, machine, lease }
}

test('a lease that is released during a renewal asks no more, and is not reported as lost', async () => {
  const { world, machine, lease } = await held()
  world.fate = (operation) => (operation === 'renew' ? { requestMs: 300 } : {})
  const renewed = codeOf(lease.renew())
  await world.pass(10)
  const released = codeOf(lease.release())
  await world.pass(10_000)
  expect(world.requests).toEqual(['renew', 'leave'])
  expect(await released).toBe('no error')
  expect(await renewed).toBe('LEASE_LOST')
  expect(lease.signal.aborted).toBe(false)
  expect(machine.events.map(({ type }) => type)).toEqual(['acquired', 'released'])
})

test('a lease whose time has run out is lost at the first renewal that is refused', async () => {
  const { world, machine, lease } = await held()
  machine.block(7000)
  await world.pass(6999)
  machine.skewMs = -60_000
  await world.pass(100)
  expect(lease.signal.reason).toMatchObject({ code: 'LEASE_LOST', cause: { code: 'CLOCK_SKEW' } })
  expect(world.requests).toEqual(['renew'])
})

test('a process that forgets to release its lease can end', async () => {
  const child = spawn(process.execPath, ['--conditions=@sqlite-efs/source', '--import', 'tsx', PROGRAM], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  expect(await once(child, 'close')).toEqual([0, null])
})
