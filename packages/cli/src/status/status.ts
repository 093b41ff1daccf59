import { type FileHeader, type FileInspection, inspectFile } from '@sqlite-efs/database'
import type { Contender, LineState } from '@sqlite-efs/lease'
import type { LeaseOptions } from '../target/options.js'
import { type LeaseTarget, leaseTargetOf, pathOf } from '../target/target.js'
import { describeError } from '../terminal/output.js'

/** Why one half of it is not known. */
interface Unknown {
  error: { code: string; message: string }
}

/** What `status --json` prints. Times are epoch milliseconds. */
export interface Status {
  /** When it was looked at, by this machine's clock. */
  atMs: number
  /** Absent where only a key was named. */
  file?: FileStatus | Unknown
  lease: LeaseStatus | Unknown
}

interface FileStatus extends Omit<FileInspection, 'header'>, Partial<FileHeader> {}

interface LeaseStatus {
  key: string
  /** Where the line is: `DynamoDB table app-locks`, say. */
  leaser: string
  /** The highest ticket that was ever handed out. */
  ticket: number
  /** Who has the lowest ticket, and with it the lease; null where nobody is in line. */
  holder: SeenContender | null
  /** Those behind the holder, in the order in which they will be served. */
  waiting: SeenContender[]
  /** Who was taken out of the line last, because its time was over; null where nobody ever was. */
  lastTakeover: NonNullable<LineState['swept']> | null
}

interface SeenContender extends Contender {
  /** Its time is over, skew included: the next one who looks takes it out of the line. */
  isOverdue: boolean
  /** Since when this command has seen it in its place; only with `--watch`. */
  seenSinceMs?: number
}

/** What is looked at, again and again with the same connections. */
export interface StatusTarget extends LeaseTarget {
  path: string | undefined
}

/** @throws CliError `USAGE`; LeaseError `CONFIGURATION` */
export function statusTargetOf(options: LeaseOptions): StatusTarget {
  return { ...leaseTargetOf(options), path: fileOf(options) }
}

/** With a key the file is optional, and DATABASE_URL may be another program's. */
function fileOf(options: LeaseOptions): string | undefined {
  try {
    return pathOf(options)
  } catch (error) {
    if (options.key === undefined || options.url !== undefined) throw error
    return undefined
  }
}

/** Looks at both, and says of each half what is in its way. */
export async function takeStatus({ path, ...target }: StatusTarget, watcher: Watcher): Promise<Status> {
  const lease = await known(async () => leaseStatus(await target.leaser.inspect(target.key), target, watcher))
  const file = path === undefined ? undefined : await known(() => Promise.resolve(fileStatus(inspectFile(path))))
  return { atMs: Date.now(), ...(file && { file }), lease }
}

async function known<T>(look: () => Promise<T>): Promise<T | Unknown> {
  try {
    return await look()
  } catch (error) {
    const { code, message } = describeError(error)
    return { error: { code, message } }
  }
}

const fileStatus = ({ header, ...file }: FileInspection): FileStatus => ({ ...file, ...header })

function leaseStatus(state: LineState, { leaser, maxClockSkewMs }: LeaseTarget, watcher: Watcher): LeaseStatus {
  const seen = watcher.look(state, Date.now(), maxClockSkewMs)
  const [holder = null, ...waiting] = seen
  const { key, ticket, swept = null } = state
  return { key, leaser: leaser.name, ticket, holder, waiting, lastTakeover: swept }
}

/** Remembers from look to look who was seen where. */
export class Watcher {
  #since = new Map<string, number>()
  #looks = 0

  look({ contenders }: LineState, nowMs: number, maxClockSkewMs: number): SeenContender[] {
    const before = this.#since
    this.#since = new Map()
    const seen = contenders.map((contender, position) => {
      const place = `${position === 0 ? 'holds' : 'waits'} ${contender.id}`
      const sinceMs = before.get(place) ?? nowMs
      this.#since.set(place, sinceMs)
      const isOverdue = contender.aliveUntilMs + maxClockSkewMs < nowMs
      return { ...contender, isOverdue, ...(this.#looks > 0 && { seenSinceMs: sinceMs }) }
    })
    this.#looks++
    return seen
  }
}
