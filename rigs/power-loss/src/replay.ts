import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Recorded } from '@sqlite-efs/storage-faults'
import { seeded } from '@sqlite-efs/toolkit/random'
import { temporaryFolder } from '@sqlite-efs/toolkit/temporary-folder'
import { type CrashState, crashState, type Fates, fingerprint, mixtures, nothingElse } from './crash-states.js'
import { Disk } from './disk.js'
import { mustHold } from './ledger.js'
import { isStory, type Recording } from './record.js'
import type { Scenario, Story } from './scenario.js'

/** Mixtures of fates for each operation; more are of use only where more are opened. */
const MIXTURES = 6
/** Where there is one, states are opened in memory: what counts is what they hold, and syncing costs nothing there. */
const MEMORY = '/dev/shm'

export interface ReplayOptions {
  seed: number
  /** About so many states are opened besides those in which nothing is there of what was not synced. */
  mixtures: number
  /** Operations that never took effect. @default none */
  without?: (operation: Recorded) => boolean
  /** Ends with the first violation. @default false */
  stopsEarly?: boolean
}

/** A state in which something was wrong. */
export interface Found {
  /** The last operation before the power went. */
  after: string
  what: string
}

export interface Replayed {
  operations: number
  states: number
  found: Found[]
}

/** A moment, and what may have been on the disk then. */
interface Moment {
  disk: Disk
  story: Story
  after: string
}

/** Opens what a power loss after each operation may have left. */
export async function replay(scenario: Scenario, recording: Recording, options: ReplayOptions): Promise<Replayed> {
  const random = seeded(options.seed)
  let possible = 0
  for (const { disk } of moments(recording, options)) possible += mixtures(disk, random, MIXTURES).length
  const share = options.mixtures / possible
  const seen = new Set<string>()
  const found: Found[] = []
  for (const { disk, story, after } of moments(recording, options)) {
    const chosen: Fates[] = [nothingElse(random), ...mixtures(disk, random, MIXTURES).filter(() => random() < share)]
    for (const fates of chosen) {
      const state = crashState(disk, fates)
      const print = `${fingerprint(state)} ${[...story.begun, '', ...story.done].join()}`
      if (seen.has(print)) continue
      seen.add(print)
      const what = await violationOf(scenario, recording, { state, story })
      if (what === undefined) continue
      found.push({ after, what })
      if (options.stopsEarly) return { operations: recording.operations.length, states: seen.size, found }
    }
  }
  return { operations: recording.operations.length, states: seen.size, found }
}

function* moments(recording: Recording, { without = () => false }: ReplayOptions): Generator<Moment> {
  const disk = new Disk(recording.before)
  const begun = new Set<string>()
  const done = new Set<string>()
  for (const [index, operation] of recording.operations.entries()) {
    const { call, path, data } = operation
    if (isStory(operation)) {
      const [tense = '', ...step] = data.toString().split(' ')
      if (call === 'write') (tense === 'done' ? done : begun).add(step.join(' '))
    } else if (!without(operation)) {
      disk.apply(operation)
    }
    const story = { begun: new Set(begun), done: new Set(done) }
    const told = isStory(operation) ? data.toString() : `${call} of ${basename(path)}`
    yield { disk, story, after: `operation ${index + 1} (${told})` }
  }
}

/** Undefined where all is well. */
async function violationOf(
  scenario: Scenario,
  recording: Recording,
  { state, story }: { state: CrashState; story: Story },
): Promise<string | undefined> {
  using folder = temporaryFolder('power-loss-state', existsSync(MEMORY) ? MEMORY : undefined)
  try {
    for (const [name, content] of state) {
      const path = join(folder.path, name.slice(recording.folder.length))
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
    }
    if (scenario.hasJournal(story, state)) {
      const journal = state.get(`${recording.place.path}-journal`)
      mustHold(journal !== undefined && journal.length > 0, `the journal is ${journal ? 'empty' : 'not there'}`)
    }
    await scenario.verify({ path: join(folder.path, 'app.db'), beside: recording.place.beside }, story)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
