import { CALL_KINDS, type CallKind, type Fault } from '../control.js'
import { LINE_OPERATIONS } from '../line-sweep/operations.js'
import { chosenCalls } from './calls.js'
import type { Case, Result } from './cases.js'
import { OPERATIONS } from './operations.js'

type Kind = Pick<Fault, 'error' | 'bytes' | 'times' | 'action'>

const ERRORS: readonly Kind[] = [
  { error: 'EIO' },
  { error: 'ESTALE' },
  { error: 'ENOSPC' },
  { error: 'EINTR' },
  { error: 'ETIMEDOUT' },
]
/** Of a local disk, where a folder may be closed to this user, too. */
const LINE_ERRORS: readonly Kind[] = [
  { error: 'EIO' },
  { error: 'ESTALE' },
  { error: 'ENOSPC' },
  { error: 'EINTR' },
  { error: 'EACCES' },
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
/** The name is changed, and the caller is told that it is not. */
const LATE: readonly Kind[] = [
  { error: 'EIO', action: 'fail late' },
  { error: 'EINTR', action: 'fail late' },
]
const NAMING: readonly CallKind[] = ['link', 'rename', 'unlink', 'mkdir', 'rmdir']

const short = (kind: CallKind) => (kind === 'read' || kind === 'write' ? SHORT : [])
const late = (kind: CallKind) => (NAMING.includes(kind) ? LATE : [])

export interface Plan {
  /** All errors at every call; otherwise one of them at some calls. */
  isLong: boolean
  operations: readonly string[]
  kinds: readonly CallKind[]
  /** The short form tries calls of each class in every operation, and not only those of a class that was tried least. */
  eachClass?: boolean
}

export const wholePlan = (isLong: boolean): Plan => ({ isLong, operations: Object.keys(OPERATIONS), kinds: CALL_KINDS })

/** Its cases take a few milliseconds each. */
export const linePlan = (isLong: boolean): Plan => ({
  ...wholePlan(isLong),
  operations: Object.keys(LINE_OPERATIONS),
  eachClass: true,
})

function faultsOf(operation: string, kind: CallKind, isLong: boolean): readonly Kind[] {
  const isOfLine = operation in LINE_OPERATIONS || OPERATIONS[operation]?.line === 'beside'
  const single = isOfLine ? [...LINE_ERRORS, ...late(kind)] : ERRORS
  return [...single, ...short(kind), ...(isLong ? LASTING : [])]
}

/** Whether an operation also begins with connections that were used before. */
function warmths(operation: string): readonly boolean[] {
  const image = OPERATIONS[operation]?.image
  return operation in LINE_OPERATIONS || image === 'none' || image === 'hot' ? [false] : [false, true]
}

/** Every case of a plan, run one after the other. Which calls there are to fail is asked of the operation itself. */
export async function* results(plan: Plan, run: (it: Case) => Promise<Result>): AsyncGenerator<Result> {
  const { isLong, kinds, eachClass = false } = plan
  const tried = new Map<string, number>()
  let turn = 0
  for (const operation of plan.operations) {
    for (const warm of warmths(operation)) {
      const whole = await run({ operation, warm, fault: { kinds, times: 0 } })
      if (!whole.isDone || whole.wrong.length > 0) {
        throw new Error(
          `${operation} fails without a fault, and so proves nothing: ${whole.told} ${whole.wrong.join()}`,
        )
      }
      for (const kind of kinds) {
        const calls = whole.traced.filter((call) => call.kind === kind)
        const faults = faultsOf(operation, kind, isLong)
        const isFirst = (skip: number) => calls.findIndex((call) => call.class === calls[skip]!.class) === skip
        for (const skip of isLong ? calls.keys() : chosenCalls(calls, tried, eachClass)) {
          // Not every error is one for every call: after EINTR most calls are repeated.
          const chosen = isLong ? faults : [faults[eachClass && isFirst(skip) ? 0 : turn++ % faults.length]!]
          for (const fault of chosen) yield await run({ operation, warm, fault: { kinds: [kind], skip, ...fault } })
        }
      }
    }
  }
}
