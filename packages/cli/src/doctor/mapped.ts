import { readdirSync, readFileSync } from 'node:fs'
import { type Finding, finding } from './finding.js'

/**
 * Processes of this host that have the file in their memory: mapped pages are not coherent over a network file system.
 * Those of other users and of other hosts can't be seen.
 */
export function mappedFindings(path: string): Finding[] {
  const mapping = pids().filter((pid) => mapsFile(pid, path))
  if (mapping.length === 0)
    return [finding('mmap', 'ok', 'No process that can be seen from here maps the file into its memory.')]
  const what = `The file is mapped into memory by ${mapping.map((pid) => `process ${pid}`).join(', ')}: over NFS mapped pages go stale.`
  return [
    finding(
      'mmap',
      'error',
      what,
      'Set PRAGMA mmap_size=0 there (django-sqlite-efs sets 256 MB), or use this library.',
    ),
  ]
}

function pids(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

function mapsFile(pid: string, path: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8')
      .split('\n')
      .some((line) => line.endsWith(` ${path}`))
  } catch {
    // It ended, or is somebody else's.
    return false
  }
}
