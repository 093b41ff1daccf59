import { CALL_KINDS, type CallKind, type Fault } from '../control.js'
import { OPERATIONS } from './operations.js'
import type { Case, Result } from './sweep.js'

type Kind = Pick<Fault, 'error' | 'bytes' | 'times'>

const ERRORS: readonly Kind[] = [
  { error: 'EIO' },
  { error: 'ESTALE' },
  { error: 'ENOSPC' },
  { error: 'EINTR' },
  { error: 'ETIMEDOUT' },
]
/** The rest of a short transfer succeeds, or fails. */
const SHORT: readonly Kind[] = [
  { bytes: 7 },
  { bytes: 7, times: 2, error: 'EIO' },
  { bytes: 7, times: 2, error: 'ENOSPC' },
]
const LASTING: readonly Kind[] = [
  { error: 'EIO', times: 1_000_000 },
  { error: 'ENOSPC', times: 1_000_000 },
  { error: 'ESTALE', times: 2 },
]

const faultsOf = (kind: CallKind, isLong: boolean): readonly Kind[] => [
  ...ERRORS,
  ...(kind === 'read' || kind === 'write' ? SHORT : []),
  ...(isLong ? LASTING : []),
]

export interface Plan {
  /** All errors at every call; otherwise each of some calls has one of the errors. */
  isLong: boolean
  operations: readonly string[]
  kinds: readonly CallKind[]
  /** How many calls of a kind the short form tries in an operation. @default 2 */
  callsOfEach?: number
}

export const wholePlan = (isLong: boolean): Plan => ({ isLong, operations: Object.keys(OPERATIONS), kinds: CALL_KINDS })

/** Every case of a plan, run one after the other. How many calls there are to fail is asked of the operation itself. */
export async function* results(plan: Plan, run: (it: Case) => Promise<Result>): AsyncGenerator<Result> {
  let turn = 0
  for (const operation of plan.operations) {
    for (const warm of operation === 'creation' || operation.startsWith('recovery') ? [false] : [false, true]) {
      const { callsOf } = await run({ operation, warm, fault: { kinds: plan.kinds, times: 0 } })
      for (const kind of plan.kinds) {
        const calls = callsOf[kind] ?? 0
        const faults = faultsOf(kind, plan.isLong)
        const step = plan.isLong ? 1 : Math.max(1, calls / (plan.callsOfEach ?? 2))
        for (let at = 0; at < calls; at += step) {
          const skip = Math.floor(at)
          const chosen = plan.isLong ? faults : [faults[turn++ % faults.length]!]
          for (const fault of chosen) yield await run({ operation, warm, fault: { kinds: [kind], skip, ...fault } })
        }
      }
    }
  }
}
