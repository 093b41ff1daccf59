import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { formatBytes } from '../terminal/format.js'
import { type Finding, finding } from './finding.js'

/** What is younger may be at work. */
const OLD_MS = 3_600_000

/**
 * Temporary files that nobody gave their name any more: of a restore, a snapshot or a new journal whose process was
 * killed by SIGKILL, or with its host.
 */
export function leftoverFindings(path: string, nowMs = Date.now()): Finding[] {
  const left = temporaryFiles(path).filter(({ modifiedMs }) => nowMs - modifiedMs > OLD_MS)
  if (left.length === 0) return [finding('leftovers', 'ok', 'No temporary file of a killed process beside it.')]
  const bytes = left.reduce((sum, each) => sum + each.bytes, 0)
  const names = left.map(({ file }) => file).join(', ')
  return [
    finding(
      'leftovers',
      'warning',
      `${names}: left by a snapshot or a restore that was killed, ${formatBytes(bytes)} in all.`,
      'Delete them while no snapshot and no restore is running.',
    ),
  ]
}

function temporaryFiles(path: string): { file: string; bytes: number; modifiedMs: number }[] {
  const [folder, name] = [dirname(path), basename(path)]
  const suffix = /^(-journal|\.before-restore-.*)?\.[0-9a-f]{12}$/
  return namesIn(folder).flatMap((each) => {
    if (!each.startsWith(name) || !suffix.test(each.slice(name.length))) return []
    const file = join(folder, each)
    const stats = statSync(file, { throwIfNoEntry: false })
    return stats?.isFile() ? [{ file, bytes: stats.size, modifiedMs: stats.mtimeMs }] : []
  })
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
