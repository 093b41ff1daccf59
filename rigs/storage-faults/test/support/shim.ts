import { afterAll, beforeAll } from 'vitest'
import { buildShim, type Shim } from '../../src/index.js'
import type { Case, Result } from '../../src/sweep/cases.js'

/** The library for one file of tests, removed after them; a warning says why there is none. */
export function useShim(): Shim {
  const shim = buildShim()
  if ('missing' in shim) console.warn(`storage faults are not tested: ${shim.missing}`)
  else afterAll(() => shim.remove())
  return shim
}

/** A sweep as the tests of a suite use it. */
interface UsedSweep {
  prepare(): Promise<void>
  run(it: Case): Promise<Result>
  end(): Promise<void>
}

/** Runs cases for the tests of a suite. */
export function useSweep(shim: Shim, Kind: new (library: string) => UsedSweep): { run(it: Case): Promise<Result> } {
  let sweep: UsedSweep | undefined
  beforeAll(async () => {
    if ('missing' in shim) return
    sweep = new Kind(shim.library)
    await sweep.prepare()
  })
  afterAll(() => sweep?.end())
  return {
    run: (it) => {
      if (!sweep) throw new Error('There is no library to run it with.')
      return sweep.run(it)
    },
  }
}
