import type { Outcome, Scenario } from './scenario.js'
import type { Stage } from './stage.js'

/** user-mode-linux and nfs-ganesha break down now and then, without any part of this project in it. */
const MAX_VOID_ROUNDS = 2

/** What a round is played in. */
export interface Surroundings {
  say(line: string): void
  /** Ends what is left of a round, and mends the rig. Says which parts of it had broken down. */
  tidyUp(): Promise<string[]>
}

/**
 * Plays a round. Where the rig has broken down it is void, and is played again: but not where it had shown a violation, for
 * what this project does may be what hung a host. A control is to show this project's absence, not the rig's faults.
 */
export async function playRound(
  scenario: Scenario,
  stage: Stage,
  round: number,
  { say, tidyUp }: Surroundings,
): Promise<Outcome> {
  for (let voidRounds = 0; ; voidRounds++) {
    const startedMs = performance.now()
    const outcome = await scenario
      .play(stage, round)
      .catch((error: Error): Outcome => ({ violations: [], cameToNothing: error.stack ?? String(error) }))
    const broken = await tidyUp()
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    const isEvidence = outcome.violations.length > 0 && !scenario.isControl
    const isVoid = broken.length > 0 && !isEvidence && voidRounds < MAX_VOID_ROUNDS
    if (broken.length > 0 && !isEvidence && !isVoid) outcome.cameToNothing ??= broken.join(', ')
    if (outcome.cameToNothing) say(`  round ${round} came to nothing: ${outcome.cameToNothing}`)
    if (isVoid) say(`  round ${round} is void after ${seconds} s, and is played again: ${broken.join(', ')}`)
    else {
      const numbers = JSON.stringify({ ...outcome.counts, ...outcome.measures })
      say(`  round ${round} of ${scenario.rounds}, ${seconds} s: ${numbers}`)
    }
    for (const violation of outcome.violations) {
      say(`    ${scenario.isControl ? 'as expected' : 'VIOLATION'}: ${violation}`)
    }
    if (isVoid) continue
    if (broken.length > 0) say(`    the rig broke down: ${broken.join(', ')}`)
    return voidRounds === 0 ? outcome : { ...outcome, counts: { ...outcome.counts, 'void rounds': voidRounds } }
  }
}
