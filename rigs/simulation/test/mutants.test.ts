import { describe, expect, test } from 'vitest'
import { parseArguments } from '../src/arguments.js'
import { mutants } from '../src/mutants.js'
import { simulationWith } from '../src/mutate.js'
import { failureReport } from '../src/report.js'
import { shrink } from '../src/shrink.js'
import { type Outcome, simulate } from '../src/simulation.js'

const MAX_SEEDS = 400

/** The first run that a mutant fails. */
async function firstFailure(mutant: (typeof mutants)[number]) {
  const run = await simulationWith(mutant)
  for (let seed = 1; seed <= MAX_SEEDS; seed++) {
    const outcome: Outcome = await run({ ...mutant.options, seed })
    if (outcome.violation) return { run, seed, violation: outcome.violation }
  }
  return expect.fail(`${MAX_SEEDS} runs violate nothing`)
}

describe('with one rule of the protocol less, a violation is found, and none with it:', () => {
  test.each(mutants.map((mutant) => ({ name: mutant.name, mutant })))('$name', async ({ mutant }) => {
    const { seed, violation } = await firstFailure(mutant)
    expect(mutant.breaks).toContain(violation.rule)
    for (let same = 1; same <= seed; same++) {
      expect((await simulate({ ...mutant.options, seed: same })).violation).toBeUndefined()
    }
  })
})

test('a failing run is made small, and the command that is printed shows it again', async () => {
  const mutant = mutants.find(({ name }) => name === 'time by the monotonic clock alone')!
  const { run, seed, violation } = await firstFailure(mutant)
  const options = { ...mutant.options, seed }
  const whole = await run(options)
  const shrunk = await shrink(options, run)
  expect(shrunk.keep.length).toBeLessThan(whole.happened.length / 2)
  expect(shrunk.outcome.violation?.rule).toBe(violation.rule)
  // The one fault that this mutant does not survive.
  expect(shrunk.outcome.trace.some(({ what }) => what.includes(': freeze'))).toBe(true)

  const report = failureReport(options, shrunk, mutant.name)
  const command = report.split('\n').at(-1)!.trim()
  const words = [...command.replace('pnpm simulate ', '').matchAll(/'([^']*)'|(\S+)/g)].map((it) => it[1] ?? it[2]!)
  const parsed = parseArguments(words)
  expect(parsed.mutant).toBe(mutant.name)
  const again = await run({ ...parsed.options, ...(parsed.keep && { keep: parsed.keep }) })
  expect(again.violation?.message).toBe(shrunk.outcome.violation?.message)
  expect(again.hash).toBe(shrunk.outcome.hash)
  // None of them can be spared.
  for (const name of shrunk.keep) {
    const keep = new Set(shrunk.keep.filter((it) => it !== name))
    expect((await run({ ...options, keep })).violation?.rule).not.toBe(violation.rule)
  }
})

test('a mutant whose place in the source is not there once is refused', async () => {
  const edits = [{ find: 'return', replace: 'throw' }]
  await expect(simulationWith({ name: 'x', file: 'lease/src/time/clock.ts', edits })).rejects.toThrow(/times, not once/)
})
