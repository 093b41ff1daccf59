import type { Scenario } from '../scenario.js'
import { KILLED_WRITER } from './killed-writer.js'
import { NEW_DATABASE } from './new-database.js'
import { REPLACED } from './replaced.js'
import { RPCS } from './rpcs.js'
import { SILENT_HOST } from './silent-host.js'
import { TORTURE } from './torture.js'

/** Everything that is played, in this order. */
export const SCENARIOS: readonly Scenario[] = [
  ...KILLED_WRITER,
  ...NEW_DATABASE,
  ...REPLACED,
  ...SILENT_HOST,
  ...RPCS,
  ...TORTURE,
]
