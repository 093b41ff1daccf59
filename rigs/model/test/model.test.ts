import { expect, test } from 'vitest'
import { missingTools, search } from '../src/spin.js'

const SMALL = ['CONTENDERS=2', 'LINE=2', 'NET=1']
const limits = { memoryMb: 1000 }
const missing = missingTools()

// `pnpm model` is the whole of it; this shows that the model still is one.
test('two contenders keep every promise in every state of the model', async ({ skip }) => {
  skip(missing !== undefined, missing)
  const verdict = await search(SMALL, limits)
  expect(verdict).toMatchObject({ violation: undefined, unreached: 0 })
  expect(verdict.states).toBeGreaterThan(50_000)
})

test('two contenders commit at once in the model without a guard', async ({ skip }) => {
  skip(missing !== undefined, missing)
  const verdict = await search([...SMALL, 'UNSORTED', 'PROMISES_ONLY', 'NO_GUARD'], limits)
  expect(verdict.violation).toBe('(k<=1)')
  expect(verdict.trail.filter((action) => action.includes('passes the guard'))).toHaveLength(2)
})

test('two contenders commit at once in the model where a renewal is believed whose entry is gone', async ({ skip }) => {
  skip(missing !== undefined, missing)
  const verdict = await search([...SMALL, 'UNSORTED', 'PROMISES_ONLY', 'RENEW_WITHOUT_ENTRY'], limits)
  expect(verdict.violation).toBe('(k<=1)')
  expect(verdict.trail).toContainEqual(expect.stringMatching(/renews until .*, its entry being gone/))
})
