import { existsSync, readFileSync, truncateSync } from 'node:fs'
import type { CallKind } from '../control.js'

/** One call of an operation in which nothing fails. */
export interface Call {
  kind: CallKind
  /** Calls of one class do the same to the same file, at another place of it. */
  class: string
}

/** The file to which the library adds a line for each call. */
export class Trace {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** What was added since it was last taken. */
  take(folder: string): Call[] {
    if (!existsSync(this.path)) return []
    const lines = readFileSync(this.path, 'utf8').split('\n').slice(0, -1)
    truncateSync(this.path)
    return lines.map((line) => {
      const [, kind = '', path = '', offset, length] = /^(\w+) (.*) offset (-?\d+) length (\d+)$/.exec(line) ?? []
      return {
        kind: kind as CallKind,
        class: `${kind} ${roleOf(path.replace(folder, ''))} ${placeOf(kind, offset, length)}`,
      }
    })
  }
}

/** The name without what is chosen at random, or counted. */
const roleOf = (path: string) =>
  path
    .replace(/etilqs_\w+/, 'temporary')
    .replace(/\.sqlite-efs-restore-\w{6}(\/(same|converted)\.db)?/, 'app.db.new')
    .replace(/\.before-restore-\d+T\d+\.\d+Z/, '.before-restore')
    .replace(/\.[0-9a-f]{12}\b/, '.new')
    .replace(/[^/]*\.(line|json|old)\b/g, '$1')
    .replace(/\b[0-9a-f]{32}\b/, 'folder')

function placeOf(kind: string, offset = '', length = ''): string {
  // Of an open() the library tells the flags there.
  if (kind.endsWith('lock') || kind === 'open') return offset
  if (kind !== 'read' && kind !== 'write') return ''
  return `${offset === '0' ? 'begin' : 'rest'} ${Number(length) > 8192 ? 'much' : length}`
}

/** These are tried in every operation. */
const ALWAYS: readonly CallKind[] = ['read', 'write', 'sync', 'lock']
/** In so many operations at most a class of another kind is tried. */
const MOST = 2

/**
 * Which calls of one kind to have fail, by their numbers: those of classes that were not tried yet, or else one of the class that was
 * tried least. The first of a class, its last one and one between take turns.
 */
export function chosenCalls(calls: readonly Call[], tried: Map<string, number>, eachClass: boolean): number[] {
  const classes = new Map<string, number[]>()
  for (const [number, { class: name }] of calls.entries()) classes.set(name, [...(classes.get(name) ?? []), number])
  if (eachClass) return [...classes.values()].flatMap((numbers) => [...new Set([numbers[0]!, numbers.at(-1)!])])
  const timesOf = (name: string) => tried.get(name) ?? 0
  const most = ALWAYS.includes(calls[0]?.kind ?? 'read') ? Number.POSITIVE_INFINITY : MOST
  const names = [...classes.keys()].filter((name) => timesOf(name) < most)
  const leastFirst = names.toSorted((a, b) => timesOf(a) - timesOf(b))
  const chosen = leastFirst.filter((name, index) => index === 0 || timesOf(name) === 0)
  return chosen.map((name) => {
    const numbers = classes.get(name)!
    const times = timesOf(name)
    tried.set(name, times + 1)
    return [numbers[0]!, numbers.at(-1)!, numbers[numbers.length >> 1]!][times % 3]!
  })
}
