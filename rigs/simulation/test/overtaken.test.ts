import { seeded } from '@sqlite-efs/toolkit/random'
import { expect, test } from 'vitest'
import { Checker } from '../src/checks/checker.js'
import { SimulatedFile } from '../src/process/file.js'
import { Process } from '../src/process/process.js'
import { Machine } from '../src/world/machine.js'
import { Trace } from '../src/world/trace.js'
import { World } from '../src/world/world.js'

test('who loses its lease while it waits for the file begins nothing under it, and writes under the next one', async () => {
  const world = new World({ trace: new Trace({ keep: true }) })
  const checker = new Checker(world)
  const file = new SimulatedFile('kept', checker)
  checker.watch(file)
  world.check = () => checker.check()
  let seed = 0
  const process = () =>
    new Process({
      machine: new Machine(world),
      file,
      lease: { ttlMs: 600, maxClockSkewMs: 50, requestTimeoutMs: 100, random: seeded(++seed) },
      maxHoldMs: 250,
      release: 'background',
      commitMs: () => 5,
      commitFate: () => 'done',
      readByStrangerMs: () => 0,
      blockingMs: () => 0,
      statementMs: () => 5,
      granted: (granted, { token }) => {
        granted.note(`acquired ${token}`)
        checker.granted(granted, token)
      },
    })
  const [slow, quick] = [process(), process()]
  file.isLockedByStranger = true
  const late = slow.write('slow', 10_000)
  await world.pass(50)
  slow.machine.freeze()
  await world.pass(1000)
  file.isLockedByStranger = false
  await world.run(quick.write('quick', 10_000))
  await world.pass(50)
  slow.machine.thaw({ timersFirst: true })
  await world.run(late.then(() => slow.freed()))
  expect(file.rows).toEqual(['quick', 'slow'])
  const lines = world.trace.entries?.filter(({ what }) => /^(acquired|BEGIN)/.test(what)) ?? []
  expect(lines.map(({ by, what }) => `${by} ${what}`)).toEqual([
    'm0 acquired 1',
    'm1 acquired 2',
    'm1 BEGIN',
    'm0 acquired 3',
    'm0 BEGIN',
  ])
})
