import { readFileSync } from 'node:fs'
import { engineVersions, type FileInspection, inspectFile } from '@sqlite-efs/database'
import { diagnoseLease, type LineState } from '@sqlite-efs/lease'
import type { LeaseOptions } from '../options.js'
import { describeError } from '../output.js'
import { type LeaseTarget, leaseTargetOf, requirePath } from '../target.js'
import { fileFindings } from './file-findings.js'
import { fileSystemFindings, isNfs } from './file-system.js'
import { type Finding, finding } from './finding.js'
import { leaseFindings } from './lease-findings.js'
import { lineFindings, ticketFindings } from './line-findings.js'
import { mappedFindings } from './mapped.js'
import { type Mount, mountOf, parseMountInfo } from './mounts.js'
import { folderFindings, spaceFindings } from './space.js'

/** Looks at everything, takes no lease, and writes nothing. */
export async function examine(options: LeaseOptions): Promise<Finding[]> {
  const path = requirePath(options)
  const target = leaseTargetOf(options)
  const mount = mountOf(path, readMounts())
  const file = look(path)
  const line = await inspectLine(target)
  return [
    ...fileSystemFindings(mount, options.local ?? false),
    ...folderFindings(path),
    ...onFile(file, line, target, mount),
    ...('check' in line ? [line] : lineFindings(line, Date.now(), target.maxClockSkewMs)),
    ...(await onTable(target)),
    ...versionFindings(),
  ]
}

async function onTable({ tableName, key, protocol, maxClockSkewMs }: LeaseTarget): Promise<Finding[]> {
  if (tableName === undefined) return []
  return leaseFindings(await diagnoseLease({ tableName, key, protocol }), maxClockSkewMs)
}

function onFile(
  file: FileInspection | Finding,
  line: LineState | Finding,
  { maxClockSkewMs, protocol }: LeaseTarget,
  mount: Mount | undefined,
): Finding[] {
  if ('check' in file) return [file]
  const isLineKnown = !('check' in line)
  const isHeld = isLineKnown
    ? line.contenders.some(({ aliveUntilMs }) => aliveUntilMs + maxClockSkewMs >= Date.now())
    : undefined
  return [
    ...fileFindings(file, { isShared: mount !== undefined && isNfs(mount), isHeld }),
    // django-sqlite-efs' protocol keeps no tickets in the table.
    ...(isLineKnown && protocol === 'line' ? ticketFindings(file.header, line) : []),
    ...mappedFindings(file.path),
    ...spaceFindings(file.path, file.sizeBytes),
  ]
}

function look(path: string): FileInspection | Finding {
  try {
    return inspectFile(path)
  } catch (error) {
    const { code, message } = describeError(error)
    return finding('file', 'error', `${code}: ${message}`)
  }
}

async function inspectLine({ leaser, key }: LeaseTarget): Promise<LineState | Finding> {
  try {
    return await leaser.inspect(key)
  } catch (error) {
    const { code, message } = describeError(error)
    return finding('line', 'error', `${code}: ${message}`, 'docs/errors.md has a row for each code.')
  }
}

function readMounts(): Mount[] {
  try {
    return parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'))
  } catch {
    return []
  }
}

function versionFindings(): Finding[] {
  const { sqlite, libsql } = engineVersions()
  return [finding('versions', 'ok', `SQLite ${sqlite} in libsql ${libsql}, on Node ${process.version}.`)]
}
