import { describe, expect, test } from 'vitest'
import type { CallKind } from '../src/index.js'
import type { Case, Result } from '../src/sweep/cases.js'
import { results, wholePlan } from '../src/sweep/plan.js'
import { Sweep } from '../src/sweep/sweep.js'
import { useShim, useSweep } from './support/shim.js'

const shim = useShim()

describe.skipIf('missing' in shim)('one system call that fails', () => {
  const sweep = useSweep(shim, Sweep)
  const run = (it: Case) => sweep.run(it)

  async function wrongOf(cases: AsyncIterable<Result>) {
    let fired = 0
    const wrong: unknown[] = []
    for await (const result of cases) {
      fired += result.fired > 0 ? 1 : 0
      if (result.wrong.length > 0) wrong.push(result)
    }
    return { fired, wrong }
  }

  test('of any kind, in any operation, is a typed error or the right answer, and harms neither the file nor what follows', async () => {
    const { fired, wrong } = await wrongOf(results(wholePlan(false), run))
    expect(wrong).toEqual([])
    expect(fired).toBeGreaterThan(200)
  })

  test.each(['read', 'write', 'recovery'])(
    'in any read of a page in a %s is never taken for a good one',
    async (operation) => expectAllWell(await eachClass(operation, 'read')),
  )

  test.each(['write', 'vacuum'])(
    'in any open() of a %s leaves no writer behind whose file is open for reading only',
    async (operation) => expectAllWell(await eachClass(operation, 'open')),
  )

  const eachClass = (operation: string, kind: CallKind) =>
    wrongOf(results({ isLong: false, operations: [operation], kinds: [kind], eachClass: true }, run))

  function expectAllWell({ fired, wrong }: Awaited<ReturnType<typeof wrongOf>>) {
    expect(wrong).toEqual([])
    expect(fired).toBeGreaterThan(5)
  }
})
