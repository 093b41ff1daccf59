import type { Scenario } from '../scenario.js'
import { KILLED_WRITER } from './killed-writer.js'

/** Everything that is played, in this order. */
export const SCENARIOS: readonly Scenario[] = [...KILLED_WRITER]
