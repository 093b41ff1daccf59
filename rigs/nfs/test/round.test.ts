import { describe, expect, test } from 'vitest'
import { playRound } from '../src/round.js'
import type { Outcome, Scenario } from '../src/scenario.js'
import type { Stage } from '../src/stage.js'

const STAGE = {} as Stage

/** Plays a round whose tries come to these outcomes, after each of which so much of the rig is broken. */
async function play(tries: { outcome: Outcome | Error; broken?: string[] }[], isControl = false) {
  const said: string[] = []
  let played = 0
  const scenario: Scenario = {
    name: 'it',
    shows: 'something',
    rounds: 1,
    ...(isControl ? { isControl } : {}),
    play: async () => {
      const { outcome } = tries[played++]!
      if (outcome instanceof Error) throw outcome
      return outcome
    },
  }
  const tidyUp = async () => tries[played - 1]!.broken ?? []
  const outcome = await playRound(scenario, STAGE, 1, { say: (line) => said.push(line), tidyUp })
  return { outcome, played, said: said.join('\n') }
}

const GOOD: Outcome = { violations: [], counts: { looks: 3 } }
const BAD: Outcome = { violations: ['half of it was read'] }
const BROKEN = ['host 2: no answer']

describe('a round in which the rig breaks down', () => {
  test('is void and played again, and how often is counted', async () => {
    const { outcome, played, said } = await play([{ outcome: GOOD, broken: BROKEN }, { outcome: GOOD }])
    expect(played).toBe(2)
    expect(outcome).toEqual({ violations: [], counts: { looks: 3, 'void rounds': 1 } })
    expect(said).toMatch(/is void after .* host 2: no answer/)
  })

  test('counts all the same where it has shown a violation', async () => {
    const { outcome, played, said } = await play([{ outcome: BAD, broken: BROKEN }, { outcome: GOOD }])
    expect(played).toBe(1)
    expect(outcome.violations).toEqual(BAD.violations)
    expect(said).toMatch(/VIOLATION: half of it was read/)
    expect(said).toMatch(/the rig broke down: host 2: no answer/)
  })

  test('is void in a control, whatever it has shown, which is printed', async () => {
    const { outcome, played, said } = await play([{ outcome: BAD, broken: BROKEN }, { outcome: GOOD }], true)
    expect(played).toBe(2)
    expect(outcome.violations).toEqual([])
    expect(said).toMatch(/as expected: half of it was read/)
  })

  test('says why it came to nothing', async () => {
    const { outcome, said } = await play([{ outcome: new Error('gone'), broken: BROKEN }, { outcome: GOOD }])
    expect(outcome.cameToNothing).toBeUndefined()
    expect(said).toMatch(/came to nothing: Error: gone/)
  })

  test('again and again has come to nothing', async () => {
    const { outcome, played } = await play(Array.from({ length: 4 }, () => ({ outcome: { ...GOOD }, broken: BROKEN })))
    expect(played).toBe(3)
    expect(outcome.cameToNothing).toBe('host 2: no answer')
  })
})
