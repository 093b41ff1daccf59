import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The library to preload, or why there is none here. */
export type Shim = { library: string; remove(): void } | { missing: string }

/** Compiles `shim.c`, where this machine can. */
export function buildShim(): Shim {
  if (process.platform !== 'linux') return { missing: `LD_PRELOAD needs Linux, and this is ${process.platform}` }
  const folder = mkdtempSync(join(tmpdir(), 'storage-faults-'))
  const library = join(folder, 'shim.so')
  const source = fileURLToPath(new URL('shim.c', import.meta.url))
  const flags = ['-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', library, source, '-ldl', '-lpthread']
  const gcc = spawnSync('gcc', flags, { encoding: 'utf8' })
  const remove = () => rmSync(folder, { recursive: true, force: true })
  if (gcc.status === 0) return { library, remove }
  remove()
  if (gcc.error) return { missing: 'gcc is not installed' }
  throw new Error(`gcc failed on shim.c:\n${gcc.stderr}`)
}

/** What to set in the environment of a process for the library to work in it. */
export interface Preloaded {
  library: string
  /** Files below this folder are watched; as the process itself names it. */
  folder: string
  /** The file of a {@link FaultControl}. */
  control: string
  /** Where to append what is written; made if it is not there. @default nothing is recorded */
  recording?: string
  /** Where to append a line for each call that a fault with `times: 0` counts; made if it is not there. @default nowhere */
  trace?: string
}

export const preloaded = ({ library, folder, control, recording, trace }: Preloaded): Record<string, string> => ({
  LD_PRELOAD: library,
  STORAGE_FAULTS_FOLDER: folder,
  STORAGE_FAULTS_CONTROL: control,
  ...(recording !== undefined && { STORAGE_FAULTS_RECORDING: recording }),
  ...(trace !== undefined && { STORAGE_FAULTS_TRACE: trace }),
})
