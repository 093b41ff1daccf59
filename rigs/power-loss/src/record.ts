import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FaultControl, preloaded, type Recorded, readRecording } from '@sqlite-efs/storage-faults'
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
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'power-loss-')))
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
    remove: () => rmSync(top, { recursive: true, force: true }),
  }
}

export const isStory = ({ path }: Recorded) => basename(path) === STORY
