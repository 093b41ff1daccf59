import { describe, expect, test } from 'vitest'
import type { Fault } from '../src/index.js'
import { LineSweep } from '../src/line-sweep/line-sweep.js'
import type { Result } from '../src/sweep/cases.js'
import { linePlan, results } from '../src/sweep/plan.js'
import { useShim, useSweep } from './support/shim.js'

const shim = useShim()

describe.skipIf('missing' in shim)('a system call that fails on the files of a local line', () => {
  const sweep = useSweep(shim, LineSweep)

  /** Has each rename of an operation meet the fault, one after the other. */
  async function atEachRename(operation: string, fault: Fault): Promise<Result[]> {
    const { traced } = await sweep.run({ operation, warm: false, fault: { kinds: fault.kinds, times: 0 } })
    const found: Result[] = []
    for (const [skip, { kind }] of traced.entries()) {
      if (kind === 'rename') found.push(await sweep.run({ operation, warm: false, fault: { ...fault, skip } }))
    }
    expect(found.length).toBeGreaterThan(3)
    return found
  }

  test('is a typed error or no error, leaves one holder at most, and no lease behind beyond its time', async () => {
    const wrong: Result[] = []
    let fired = 0
    for await (const result of results(linePlan(false), (it) => sweep.run(it))) {
      fired += result.fired > 0 ? 1 : 0
      if (result.wrong.length > 0) wrong.push(result)
    }
    expect(wrong).toEqual([])
    expect(fired).toBeGreaterThan(100)
  })

  test.each(['a line of two', 'a yield'])(
    'a rename that fails after it took effect costs no place in line, and makes no second holder (%s)',
    async (operation) => {
      const found = await atEachRename(operation, { kinds: ['rename'], error: 'EIO', action: 'fail late' })
      expect(found.flatMap(({ wrong, told }) => [...wrong, told])).toEqual(found.map(() => ''))
    },
  )

  test('a rename that fails after it took effect, where nothing can be found out about it, makes no second holder', async () => {
    const fault: Fault = { kinds: ['rename', 'access'], error: 'EIO', action: 'fail late', times: 2 }
    const found = await atEachRename('a line of two', fault)
    expect(found.flatMap(({ wrong, told }) => [...wrong, told])).toEqual(found.map(() => ''))
  })

  test('files that can not be removed do not make a write fail that is done', async () => {
    const fault: Fault = { kinds: ['unlink'], error: 'EIO', times: 1_000_000 }
    const { wrong, told, fired } = await sweep.run({ operation: 'a line of two', warm: false, fault })
    expect(fired).toBeGreaterThan(0)
    expect([...wrong, told]).toEqual([''])
  })
})
