import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { failureReport } from '../src/report.js'
import { shrink } from '../src/shrink.js'
import { type Outcome, simulate } from '../src/simulation.js'

const RUNS = Number(process.env['SIMULATION_RUNS'] ?? 2000)

test(`no rule is violated in ${RUNS} runs, and everybody gets a turn after each`, async () => {
  const sum: Outcome['counts'] = {
    acquired: 0,
    committed: 0,
    lost: 0,
    outlived: 0,
    swept: 0,
    thawed: 0,
    conflicts: 0,
    unknown: 0,
  }
  let closest = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    const { violation, counts, calm } = await simulate({ seed })
    if (violation) expect.fail(failureReport({ seed }, await shrink({ seed }, simulate)))
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counts[name]
    closest = Math.max(closest, calm.longestMs / calm.boundMs)
  }
  // The storms must have been some, and must have let something through.
  expect(sum.acquired).toBeGreaterThan(RUNS * 5)
  expect(sum.committed).toBeGreaterThan(RUNS * 5)
  expect(sum.swept).toBeGreaterThan(RUNS)
  expect(sum.thawed).toBeGreaterThan(RUNS)
  expect(sum.lost).toBeGreaterThan(RUNS / 10)
  // Holders that asked when their time had run out, and went on.
  expect(sum.outlived).toBeGreaterThan(RUNS / 400)
  expect(sum.conflicts).toBeGreaterThan(RUNS / 10)
  expect(sum.unknown).toBeGreaterThan(RUNS / 10)
  // The bound is wide enough for the worst: nobody should come near it.
  expect(closest).toBeLessThan(0.6)
}, 600_000)

test('a seed is the same run each time, and in another process', async () => {
  const seeds = [3, 26, 98]
  const hashes = async () => {
    const found: string[] = []
    for (const seed of seeds) found.push((await simulate({ seed })).hash)
    return found
  }
  const here = await hashes()
  expect(await hashes()).toEqual(here)
  expect(new Set(here).size).toBe(seeds.length)
  for (const [i, seed] of seeds.entries()) {
    const there = inAnotherProcess('src/cli.ts', '--trace', '--seed', `${seed}`)
    expect(there.trim().split('\n').at(-1)).toBe(`Violates nothing. ${here[i]}`)
  }
})

test('nothing asks for the time or the chance of this machine', () => {
  expect(inAnotherProcess('test/watched.ts').trim()).toBe('[]')
  expect(inAnotherProcess('test/watched.ts', '--ask').trim()).toBe('["Math.random"]')
})

function inAnotherProcess(file: string, ...args: string[]): string {
  const cwd = fileURLToPath(new URL('../', import.meta.url))
  const command = ['--conditions=@sqlite-efs/source', '--import', 'tsx', file, ...args]
  return spawnSync(process.execPath, command, { cwd, encoding: 'utf8' }).stdout
}

test('beyond the skew that is allowed, violations are found', async () => {
  let seed = 1
  for (; seed <= 200; seed++) {
    const { violation } = await simulate({ seed, skew: 'beyond', bias: 'long holds' })
    if (violation?.rule === 'one holder') return
  }
  expect.fail(`no two holders in ${seed - 1} runs with clocks up to 3 x maxClockSkewMs apart`)
})

test('within it, the same runs violate nothing', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    expect((await simulate({ seed, bias: 'long holds' })).violation).toBeUndefined()
  }
})
