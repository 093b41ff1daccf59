import { readFileSync } from 'node:fs'

const CALLS = ['create', 'write', 'sync', 'truncate', 'rename', 'link', 'unlink'] as const

/** One change that took effect, in the order of the calls' ends. Calls that failed are not recorded. */
export interface Recorded {
  /** `create`: open() made the file. `sync`: fsync() or fdatasync(), of a folder too. */
  call: (typeof CALLS)[number]
  /** The process id. */
  process: number
  /** Path as the call, or the open() before it, named it. */
  path: string
  /** Second path of a `rename` or `link`. */
  to: string
  /** Where a `write` began; the new length for a `truncate`. */
  offset: number
  /** What a `write` wrote: after a short one, that part. */
  data: Buffer
}

const HEADER = 32
const MAGIC = 0x31524653

/** Reads the file that `STORAGE_FAULTS_RECORDING` named. */
export function readRecording(path: string): Recorded[] {
  const all = readFileSync(path)
  const recorded: Recorded[] = []
  for (let at = 0; at < all.length; ) {
    if (all.readUInt32LE(at) !== MAGIC) throw new Error(`${path} is no recording: byte ${at}`)
    const call = CALLS[all.readUInt32LE(at + 4)]!
    const pathEnd = at + HEADER + all.readUInt32LE(at + 12)
    const toEnd = pathEnd + all.readUInt32LE(at + 16)
    const end = toEnd + all.readUInt32LE(at + 20)
    recorded.push({
      call,
      process: all.readUInt32LE(at + 8),
      path: all.toString('utf8', at + HEADER, pathEnd),
      to: all.toString('utf8', pathEnd, toEnd),
      offset: Number(all.readBigInt64LE(at + 24)),
      data: all.subarray(toEnd, end),
    })
    at = end
  }
  return recorded
}
