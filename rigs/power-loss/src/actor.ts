// Plays a scenario under the recording. What it says of its steps goes to a file of the recorded folder, and so stands between its
// writes: in the order in which a user of the database would know.
import { openSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Step } from './scenario.js'
import { scenarioNamed } from './scenarios.js'
import { STORY } from './story.js'

const [name = '', path = '', beside = ''] = process.argv.slice(2)
const story = openSync(join(dirname(path), STORY), 'a')
const step: Step = async (what, action) => {
  writeSync(story, `begun ${what}`)
  const result = await action()
  writeSync(story, `done ${what}`)
  return result
}
await scenarioNamed(name).act({ path, beside }, step)
