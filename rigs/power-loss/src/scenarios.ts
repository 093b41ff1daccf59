import type { Scenario } from './scenario.js'
import { commits } from './scenarios/commits.js'
import { creation } from './scenarios/creation.js'
import { emptyJournal, missingJournal } from './scenarios/journal.js'
import { migration } from './scenarios/migration.js'
import { recovery } from './scenarios/recovery.js'
import { restoreOfLess, restoreOfMore } from './scenarios/restore.js'
import { snapshot } from './scenarios/snapshot.js'
import { vacuum } from './scenarios/vacuum.js'

export const scenarios: readonly Scenario[] = [
  commits,
  creation,
  recovery,
  missingJournal,
  emptyJournal,
  restoreOfMore,
  restoreOfLess,
  snapshot,
  vacuum,
  migration,
]

export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (!found) throw new Error(`There is no scenario ${name}: ${scenarios.map((scenario) => scenario.name).join(', ')}`)
  return found
}
