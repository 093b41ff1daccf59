import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@sqlite-efs/toolkit/temporary-folder'
import type { Report } from './report.js'
import { createBank } from './worker/bank.js'

/** Where a run takes place. */
export interface Scene {
  folder: string
  file: string
  /** The folder of everybody's history. */
  logs: string
}

/** A report, and where the file and the workers' logs are, if they were kept. */
export interface TortureResult {
  report: Report
  /** Kept where something was violated, or it was asked for. */
  folder: string | undefined
}

/** A folder of its own, with a new bank in it. */
export async function openScene(): Promise<Scene> {
  const { path: folder } = temporaryFolder('torture')
  const scene = { folder, file: join(folder, 'bank.db'), logs: join(folder, 'logs') }
  await mkdir(scene.logs)
  await createBank(scene.file)
  return scene
}

/** Removes it, or keeps it as evidence with what was done to whom. */
export async function closeScene(
  { folder }: Scene,
  report: Report,
  done: object,
  keep: boolean | undefined,
): Promise<TortureResult> {
  if (report.details.length === 0 && !keep) {
    await rm(folder, { recursive: true })
    return { report, folder: undefined }
  }
  await writeFile(join(folder, 'report.json'), JSON.stringify(report, null, 2))
  await writeFile(join(folder, 'faults.json'), JSON.stringify(done))
  return { report, folder }
}
