import { expect, test } from 'vitest'
import { isPassed, missed, type Result } from '../src/report.js'
import type { Outcome, Scenario } from '../src/scenario.js'

const of = (scenario: Partial<Scenario>, ...outcomes: Outcome[]): Result => ({
  scenario: {
    name: 'it',
    shows: 'something',
    rounds: 1,
    play: () => Promise.reject(new Error('not here')),
    ...scenario,
  },
  outcomes,
})
const crashes = (count: number): Outcome => ({ violations: [], counts: { crashes: count } })

test('what never happened over all rounds shows nothing', () => {
  const needs = { needs: ['crashes'] }
  expect(missed(of(needs, crashes(0), crashes(0)))).toEqual(['crashes'])
  expect(isPassed(of(needs, crashes(0), crashes(0)))).toBe(false)
  expect(isPassed(of(needs, crashes(0), crashes(1)))).toBe(true)
  expect(isPassed(of({}, crashes(0)))).toBe(true)
})

test('a control has to show a violation, the others none', () => {
  const bad: Outcome = { violations: ['half of it was read'] }
  expect(isPassed(of({}, crashes(1), bad))).toBe(false)
  expect(isPassed(of({ isControl: true }, crashes(1), bad))).toBe(true)
  expect(isPassed(of({ isControl: true }, crashes(1)))).toBe(false)
})
