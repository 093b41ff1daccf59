import type { Outcome, RunOptions, simulate } from './simulation.js'

/** A failing run, made as small as it can be. */
export interface Shrunk {
  keep: string[]
  outcome: Outcome
  /** How many runs it took. */
  runs: number
}

/**
 * Leaves out whatever the same rule is violated without: hosts with all that is theirs, then ever smaller parts of the
 * work and the faults, until none can be spared. Delta debugging, as Zeller has it.
 */
export async function shrink(options: RunOptions, run: typeof simulate, maxRuns = 2000): Promise<Shrunk> {
  const first = await run({ ...options, trace: false })
  const rule = first.violation?.rule
  if (!rule) throw new Error(`Seed ${options.seed} violates nothing: there is nothing to shrink`)
  let keep = first.happened
  let runs = 1
  const stillFails = async (candidate: string[]) => {
    if (runs >= maxRuns || candidate.length === keep.length) return false
    runs++
    const { violation, happened } = await run({ ...options, trace: false, keep: new Set(candidate) })
    if (violation?.rule !== rule) return false
    keep = happened
    return true
  }
  for (const host of keep.filter((name) => /^m\d+$/.test(name))) {
    await stillFails(keep.filter((name) => name !== host && !name.startsWith(`${host}.`)))
  }
  for (let size = Math.ceil(keep.length / 2); ; ) {
    let removed = false
    for (let from = 0; from < keep.length; ) {
      const part = new Set(keep.slice(from, from + size))
      if (await stillFails(keep.filter((name) => !part.has(name)))) removed = true
      else from += size
    }
    if (size === 1 && !removed) break
    size = Math.max(1, removed ? size : Math.ceil(size / 2))
    if (runs >= maxRuns) break
  }
  const outcome = await run({ ...options, trace: true, keep: new Set(keep) })
  return { keep, outcome, runs }
}
