import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FaultControl, preloaded, type Recorded, readRecording } from '@sqlite-efs/storage-faults'
import { temporaryFolder } from '@sqlite-efs/toolkit/temporary-folder'
import type { Place, Scenario } from './scenario.js'
import { STORY } from './story.js'

/** What a process did to the disk, and what was there before. */
export interface Recording {
  folder: string
  before: ReadonlyMap<string, Buffer>
  operations: readonly Recorded[]
  place: Place
  remove(): void
}

/** Prepares a scenario, and plays it in a process that is recorded. */
export async function record(scenario: Scenario, library: string): Promise<Recording> {
  const temporary = temporaryFolder('power-loss')
  const top = temporary.path
  const [folder, beside] = [join(top, 'disk'), join(top, 'beside')]
  for (const made of [folder, beside]) mkdirSync(made)
  const place = { path: join(folder, 'app.db'), beside }
  await scenario.prepare(place)
  const before = new Map(
    readdirSync(folder).map((name) => [join(folder, name), readFileSync(join(folder, name))] as const),
  )
  const control = new FaultControl(join(top, 'control'))
  control.record(true)
  const recording = join(top, 'recording')
  const actor = fileURLToPath(new URL('actor.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    ['--conditions=@sqlite-efs/source', '--import', 'tsx', actor, scenario.name, place.path, beside],
    {
      stdio: 'inherit',
      env: { ...process.env, ...preloaded({ library, folder, control: join(top, 'control'), recording }) },
    },
  )
  const [code] = (await once(child, 'close')) as [number | null]
  control.close()
  if (code !== 0) throw new Error(`The process that plays "${scenario.name}" ended with ${code}`)
  return {
    folder,
    before,
    operations: readRecording(recording),
    place,
    remove: () => temporary[Symbol.dispose](),
  }
}

export const isStory = ({ path }: Recorded) => basename(path) === STORY
