import { readFileSync } from 'node:fs'
import { type FileInspection, inspectFile } from '@sqlite-efs/database'
import { engineVersions } from '@sqlite-efs/database/internal'
import { diagnoseLease, type LineState } from '@sqlite-efs/lease'
import type { LeaseTarget } from '../target/target.js'
import { CREDENTIALS, isAboutCredentials } from '../terminal/cli-words.js'
import { describeError } from '../terminal/output.js'
import { fileFindings } from './file-findings.js'
import { fileSystemFindings, isNfs } from './file-system.js'
import { type Finding, finding } from './finding.js'
import { leaseFindings } from './lease-findings.js'
import { leftoverFindings } from './leftovers.js'
import { lineFindings, ticketFindings } from './line-findings.js'
import { mappedFindings } from './mapped.js'
import { type Mount, mountOf, parseMountInfo } from './mounts.js'
import { folderFindings, spaceFindings } from './space.js'

/** Looks at everything, takes no lease, and writes nothing. */
export async function examine(path: string, target: LeaseTarget): Promise<Finding[]> {
  const mount = mountOf(path, readMounts())
  const looks = await lookAtBoth(path, target)
  const { line } = looks
  return [
    ...fileSystemFindings(mount, target.tableName === undefined),
    ...folderFindings(path),
    ...onFile(looks, target, mount),
    ...('check' in line ? [line] : lineFindings(line, Date.now(), target.maxClockSkewMs)),
    ...(await onTable(target)),
    ...versionFindings(),
  ]
}

/** Writers who come and go all the time may show a hot journal and nobody in line as often. */
const MOST_LOOKS = 5

/** File and line can't be seen at one moment. */
interface Looks {
  file: FileInspection | Finding
  line: LineState | Finding
}

/**
 * A hot journal without a holder is looked at again: the commit may have ended between the two looks. Its writer is dead
 * where that is so twice, and nobody had a ticket in between. So is a file that is too short: a VACUUM may have changed it meanwhile.
 */
async function lookAtBoth(path: string, target: LeaseTarget): Promise<Looks> {
  let looks = await lookOnce(path, target)
  for (let again = 0; again < MOST_LOOKS && isSuspicious(looks, target); again++) {
    const before = looks
    looks = await lookOnce(path, target)
    if (isSuspicious(looks, target) && ticketOf(looks) === ticketOf(before)) break
  }
  return looks
}

const lookOnce = async (path: string, target: LeaseTarget): Promise<Looks> => ({
  file: look(path),
  line: await inspectLine(target),
})

/** What a writer at work may look like for a moment, and what is bad if it lasts. */
const isSuspicious = (looks: Looks, target: LeaseTarget) =>
  isDeserted(looks, target) || (!('check' in looks.file) && looks.file.missingBytes !== undefined)

const isDeserted = ({ file, line }: Looks, target: LeaseTarget) =>
  !('check' in file) && file.journal === 'hot-or-live' && isHeld(line, target) === false

const ticketOf = ({ line }: Looks) => ('check' in line ? undefined : line.ticket)

/** Whether somebody has the lease and is alive; undefined where that is not known. */
function isHeld(line: Looks['line'], { maxClockSkewMs }: LeaseTarget): boolean | undefined {
  if ('check' in line) return undefined
  return line.contenders.some(({ aliveUntilMs }) => aliveUntilMs + maxClockSkewMs >= Date.now())
}

async function onTable({ tableName, key, protocol, maxClockSkewMs }: LeaseTarget): Promise<Finding[]> {
  if (tableName === undefined) return []
  return leaseFindings(await diagnoseLease({ tableName, key, protocol }), maxClockSkewMs)
}

function onFile({ file, line }: Looks, target: LeaseTarget, mount: Mount | undefined): Finding[] {
  if ('check' in file) return [file]
  return [
    ...fileFindings(file, { isShared: mount !== undefined && isNfs(mount), isHeld: isHeld(line, target) }),
    // django-sqlite-efs' protocol keeps no tickets in the table.
    ...(!('check' in line) && target.protocol === 'line' ? ticketFindings(file.header, line) : []),
    ...mappedFindings(file.path),
    ...leftoverFindings(file.path),
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
    return finding(
      'line',
      'error',
      `${code}: ${message}`,
      isAboutCredentials(message)
        ? CREDENTIALS
        : 'Correct --table, --key and --region, or look at the route to DynamoDB: the findings on the table say more.',
    )
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
