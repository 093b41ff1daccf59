import { createHash } from 'node:crypto'
import { applyName, type ContentChange, changed, type Disk, type NameChange, type StoredFile } from './disk.js'

const SECTOR = 512

/** What became of a change in the power loss. */
type Fate = 'absent' | 'present' | 'torn' | 'only its length'

/** A choice for each pending change. */
export interface Fates {
  of(change: ContentChange | NameChange): Fate
  random: () => number
}

/** Everything that is not on disk for sure. */
const pendingOf = (disk: Disk): (ContentChange | NameChange)[] => [
  ...disk.pendingNames,
  ...[...disk.files()].flatMap(({ pending }) => pending),
]

/** Nothing that was not synced is there. Where a promise had resolved, that is what it has to survive. */
export const nothingElse = (random: () => number): Fates => ({ of: () => 'absent', random })

/** All of it, one change alone, all but one, and some in which each has its own fate. */
export function mixtures(disk: Disk, random: () => number, times: number): Fates[] {
  const pending = pendingOf(disk)
  if (pending.length === 0) return []
  const single = pending.flatMap((chosen): Fates[] => [
    { of: (change) => (change === chosen ? 'present' : 'absent'), random },
    { of: (change) => (change === chosen ? 'absent' : 'present'), random },
    { of: (change) => (change === chosen ? 'torn' : 'present'), random },
  ])
  const fates: Fate[] = ['absent', 'present', 'present', 'torn', 'only its length']
  const mixed = Array.from({ length: times }, (): Fates => {
    const chosen = new Map(pending.map((change) => [change, fates[Math.floor(random() * fates.length)]!]))
    return { of: (change) => chosen.get(change)!, random }
  })
  return [{ of: () => 'present', random }, ...single, ...mixed]
}

/** Files by name, as the next process finds them. */
export type CrashState = ReadonlyMap<string, Buffer>

export function crashState(disk: Disk, fates: Fates): CrashState {
  const names = new Map(disk.certainNames)
  for (const change of disk.pendingNames) if (fates.of(change) !== 'absent') applyName(names, change)
  const contents = new Map<StoredFile, Buffer>()
  const contentOf = (file: StoredFile) => {
    const known = contents.get(file) ?? contentAfter(file, fates)
    contents.set(file, known)
    return known
  }
  return new Map([...names].map(([name, file]) => [name, contentOf(file)]))
}

function contentAfter({ certain, pending }: StoredFile, fates: Fates): Buffer {
  let content = certain
  for (const change of pending) {
    const fate = fates.of(change)
    if (fate === 'absent') continue
    if (fate === 'present' || change.kind === 'truncate') content = changed(content, change)
    else content = partly(content, change, fate === 'torn' ? fates.random : () => 1)
  }
  return content
}

/** The file is as long as after the whole write, and some of the sectors have come. */
function partly(content: Buffer, { offset, data }: { offset: number; data: Buffer }, random: () => number): Buffer {
  const end = offset + data.length
  let result = changed(content, { kind: 'write', offset, data: Buffer.alloc(0) })
  if (result.length < end) result = changed(result, { kind: 'truncate', length: end })
  for (let at = offset; at < end; ) {
    const next = Math.min(end, (Math.floor(at / SECTOR) + 1) * SECTOR)
    if (random() < 0.5) data.copy(result, at, at - offset, next - offset)
    at = next
  }
  return result
}

/** The same for states that no process can tell apart. */
export function fingerprint(state: CrashState): string {
  const hash = createHash('sha1')
  for (const [name, content] of [...state].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}\0${content.length}\0`).update(content)
  }
  return hash.digest('base64')
}
