import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { PACKAGE } from '../sources.js'

/** What ran: `2 x AMD EPYC, 24 GiB, Linux 6.1`. */
export function machine(): string {
  const [first, ...others] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${others.length + 1} x ${first?.model.trim() ?? 'unknown'}, ${memory} GiB, ${type()} ${release()}`
}

/** The commit whose code was measured, by its subject, which outlives a rebase. Undefined where there is no git. */
export function commit(): string | undefined {
  try {
    const git = (...words: string[]) => execFileSync('git', words, { cwd: PACKAGE, encoding: 'utf8' }).trim()
    const isChanged = git('status', '--porcelain', '--', '.', '../prisma-adapter', '../database', '../lease') !== ''
    return `"${git('log', '-1', '--format=%s')}"${isChanged ? ', with changes' : ''}`
  } catch {
    return undefined
  }
}

/** The version of a package that this one depends on, or that such a one depends on. */
export function versionOf(name: string, dependant?: string): string {
  const from = dependant
    ? dirname(realpathSync(join(PACKAGE, 'node_modules', dependant)))
    : join(PACKAGE, 'node_modules')
  // Of a scoped dependant the folder that holds its scope.
  const folder = [from, dirname(from)].map((it) => join(it, name)).find((it) => existsSync(it))
  if (!folder) return 'unknown'
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version
}

/** Which part of the processors' time is spent, from 0 to 1, while this process waits for so long. */
export async function busyShare(forMs: number): Promise<number> {
  const before = processorTimes()
  await delay(forMs)
  const after = processorTimes()
  return 1 - (after.idle - before.idle) / (after.all - before.all)
}

function processorTimes(): { idle: number; all: number } {
  const times = cpus().flatMap(({ times: { user, nice, sys, irq, idle } }) => [
    { idle, all: user + nice + sys + irq + idle },
  ])
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.map(({ all }) => all)) }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
