import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const unshare = (...command: string[]) => spawnSync('unshare', ['-rm', ...command], { encoding: 'utf8' })

function withFolder<T>(action: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'prisma-adapter-mount-'))
  try {
    return action(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Why no program can be run with mounts of its own here; undefined where it can. */
export function whyNoMounts(): string | undefined {
  const { status, error, stderr } = withFolder((folder) => unshare('mount', '-t', 'tmpfs', 'tmpfs', folder))
  return status === 0 ? undefined : `no file system can be mounted here: ${error?.message ?? stderr.trim()}`
}

/**
 * Runs a program of this folder that may mount what it likes in the folder that it is given: nobody else sees it, and it
 * is gone with the program.
 *
 * @returns the line of JSON that it prints
 */
export function runWithOwnMounts(program: string): unknown {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const { stdout, stderr } = withFolder((folder) =>
    unshare(process.execPath, '--conditions=@sqlite-efs/source', '--import', 'tsx', path, folder),
  )
  return JSON.parse(stdout || JSON.stringify(stderr))
}
