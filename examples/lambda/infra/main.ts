// The CDK app: bundles the functions, and writes the template into cdk.out. CDK's command line gives it the settings; run by itself it
// takes them as that does: -c name=value.
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { App } from 'aws-cdk-lib'
import { bundle } from '../bundle/bundle.js'
import { BookingStack } from './booking-stack.js'
import { readSettings } from './settings.js'

const EXAMPLE = fileURLToPath(new URL('../', import.meta.url))
/** Lambda's cheaper processor. */
const TARGET = 'linux-arm64-gnu'

const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true, default: [] } } })
const settings = values.context.map((text) => /^([^=]*)=?([\s\S]*)$/.exec(text)?.slice(1) ?? [])

const app = new App({
  outdir: join(EXAMPLE, 'cdk.out'),
  // What CDK's own validation of the template finds is an error.
  context: { '@aws-cdk/core:validateAgainstDefaultRules': true, ...Object.fromEntries(settings) },
})
const { functions } = await bundle({ target: TARGET, folder: join(EXAMPLE, 'dist', TARGET) })
new BookingStack(app, 'SqliteEfsBooking', {
  ...readSettings(app.node),
  packages: {
    api: functions.api.folder,
    migrate: functions.migrate.folder,
    'open-event': functions['open-event'].folder,
  },
})

const { stacks } = app.synth()
for (const { templateFullPath } of stacks) console.error(relative(process.cwd(), templateFullPath))
