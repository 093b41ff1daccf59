import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildShim, type CallKind } from '../src/index.js'
import type { Case } from '../src/sweep/cases.js'
import { results, wholePlan } from '../src/sweep/plan.js'
import { Sweep } from '../src/sweep/sweep.js'

const shim = buildShim()
if ('missing' in shim) console.warn(`storage faults are not tested: ${shim.missing}`)

describe.skipIf('missing' in shim)('one system call that fails', () => {
  let sweep: Sweep
  const run = (it: Case) => sweep.run(it)

  beforeAll(async () => {
    if ('missing' in shim) return
    sweep = new Sweep(shim.library)
    await sweep.prepare()
  })

  afterAll(async () => {
    await sweep?.end()
    if (!('missing' in shim)) shim.remove()
  })

  async function wrongOf(cases: AsyncIterable<Awaited<ReturnType<Sweep['run']>>>) {
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
