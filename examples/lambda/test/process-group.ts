import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Whether anything of a process group still runs: what has ended and waits for an idle init to notice does not. */
export function isGroupRunning(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch {
    return false
  }
  if (!existsSync('/proc/self/stat')) return true
  return readdirSync('/proc').some((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [state, , groupOfPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(groupOfPid) === group && state !== 'Z'
    } catch {
      return false
    }
  })
}
