import type { LeaseDiagnosis } from '@sqlite-efs/lease'
import { CREDENTIALS, inCliWords, isAboutCredentials } from '../terminal/cli-words.js'
import { formatDuration } from '../terminal/format.js'
import { type Finding, finding } from './finding.js'

/** What DynamoDB says: of the table, of each permission, and of this machine's clock. */
export function leaseFindings(diagnosis: LeaseDiagnosis, maxClockSkewMs: number): Finding[] {
  return [
    tableFinding(diagnosis),
    ...diagnosis.permissions.map((permission) => permissionFinding(permission, diagnosis)),
    ...clockFindings(diagnosis, maxClockSkewMs),
  ]
}

function tableFinding({ table, tableName, region = 'no region' }: LeaseDiagnosis): Finding {
  const where = `The table ${tableName} in ${region}`
  switch (table.state) {
    case 'fits':
      return finding('table', 'ok', `${where} has the key pk, of type String.`)
    case 'wrong-key':
      return finding(
        'table',
        'error',
        `${where} has the key ${table.keys.join(', ')}, and leases need exactly pk HASH S.`,
        'Use another table: sqlite-efs create-table.',
      )
    case 'not-ready':
      return finding(
        'table',
        'warning',
        `${where} is not ready: it is being made, or deleted.`,
        'Ask again in a minute.',
      )
    case 'missing':
      return finding(
        'table',
        'error',
        `${where} is not there.`,
        'Correct --table or --region, or create it: sqlite-efs create-table.',
      )
    case 'unknown':
      return unknownTable(where, table.error)
  }
}

/** No leaser needs dynamodb:DescribeTable: to be denied it is as it should be. */
function unknownTable(where: string, error: LeaseDiagnosis['table']['error']): Finding {
  if (error?.code === 'ACCESS_DENIED') {
    return finding('table', 'ok', `${where} can't be described, which the application need not either.`)
  }
  return finding(
    'table',
    'error',
    `${where} could not be asked: ${error?.message ?? 'no answer'}`,
    'Look at region, network, and the VPC endpoint for DynamoDB.',
  )
}

function permissionFinding(
  { action, state, error }: LeaseDiagnosis['permissions'][number],
  { table }: LeaseDiagnosis,
): Finding {
  const check = `permission ${action}`
  if (state === 'allowed') return finding(check, 'ok', `${action} is allowed.`)
  if (state === 'denied') {
    const message = inCliWords(error?.message ?? '')
    const wayOut = isAboutCredentials(message) ? CREDENTIALS : 'Attach the policy that "sqlite-efs iam" prints.'
    return finding(check, 'error', `${action} is denied: ${message}`, wayOut)
  }
  // The table itself is the finding then.
  const what = `It is not known whether ${action} is allowed: ${error?.message ?? 'no answer'}`
  if (['missing', 'wrong-key', 'unknown'].includes(table.state) && table.error?.code !== 'ACCESS_DENIED') {
    return finding(check, 'note', what)
  }
  return finding(check, 'error', what, 'Ask again; then look at the route to DynamoDB.')
}

function clockFindings({ clock }: LeaseDiagnosis, maxClockSkewMs: number): Finding[] {
  if (!clock)
    return [finding('clock', 'note', "This machine's clock could not be compared: no answer of DynamoDB's had a Date.")]
  const { skewMs, uncertaintyMs, provenSkewMs } = clock
  const side = skewMs < 0 ? 'behind' : 'ahead of'
  const distance = `${formatDuration(Math.abs(skewMs))} ${side} DynamoDB's, give or take ${formatDuration(uncertaintyMs)}`
  if (Math.abs(provenSkewMs) > maxClockSkewMs) {
    const what = `This machine's clock is ${distance}: the lease allows ${maxClockSkewMs} ms, and is refused (CLOCK_SKEW).`
    return [finding('clock', 'error', what, 'Set the clock: run chronyd, on AWS with the server 169.254.169.123.')]
  }
  if (Math.abs(provenSkewMs) > 0) {
    const what = `This machine's clock is ${distance}.`
    return [finding('clock', 'warning', what, 'Look whether it is set by NTP: chronyc tracking.')]
  }
  return [finding('clock', 'ok', "This machine's clock agrees with DynamoDB's, as far as its Date can tell.")]
}
