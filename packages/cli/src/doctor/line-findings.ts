import type { FileHeader } from '@sqlite-efs/database'
import { serialDistance } from '@sqlite-efs/database/internal'
import type { LineState } from '@sqlite-efs/lease'
import { formatDuration } from '../terminal/format.js'
import { type Finding, finding } from './finding.js'

/** Whether the line moves. */
export function lineFindings({ contenders }: LineState, nowMs: number, maxClockSkewMs: number): Finding[] {
  const [holder, ...waiting] = contenders
  if (!holder) return [finding('line', 'ok', 'Nobody holds the lease, and nobody waits.')]
  const overdueMs = nowMs - holder.aliveUntilMs - maxClockSkewMs
  const held = `${holder.owner || '(no name)'} (ticket ${holder.ticket}) holds the lease, ${waiting.length} wait`
  if (overdueMs <= 0) return [finding('line', 'ok', `${held}.`)]
  const wayOut = `Nothing: who asks next takes it over. To do so now: sqlite-efs release --ticket ${holder.ticket}`
  const what = `${held}, and its time has been over for ${formatDuration(overdueMs)}: it died, or can't reach DynamoDB.`
  return [finding('line', waiting.length > 0 ? 'warning' : 'note', what, wayOut)]
}

/** The fence in the file against the last ticket of the table. */
export function ticketFindings(header: FileHeader | undefined, { ticket }: LineState): Finding[] {
  if (!header?.isFenced) return []
  const ahead = serialDistance(header.userVersion, ticket)
  if (ahead <= 0) return [finding('fence-ticket', 'ok', `The fence is not ahead of the last ticket, ${ticket}.`)]
  const what = `The fence in the file is ${ahead} ahead of the last ticket that was handed out (${ticket}): the table or its item was deleted or restored, or this is not the key or the table that the file is written under.`
  return [
    finding(
      'fence-ticket',
      'warning',
      what,
      'Compare table and key with those of the application. If they are right: nothing, the next writer lifts the tickets above the fence.',
    ),
  ]
}
