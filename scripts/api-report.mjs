// Holds the public API of the package in the current folder to its reviewed report, etc/<name>.api.md. With --update it
// writes the report instead.
import { existsSync, mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'

const update = process.argv.includes('--update')
const projectFolder = process.cwd()
const reportFolder = join(projectFolder, 'etc')
mkdirSync(reportFolder, { recursive: true })

const config = ExtractorConfig.prepare({
  configObjectFullPath: undefined,
  packageJsonFullPath: join(projectFolder, 'package.json'),
  configObject: {
    projectFolder,
    mainEntryPointFilePath: join(projectFolder, 'dist/index.d.ts'),
    compiler: { tsconfigFilePath: join(projectFolder, 'tsconfig.build.json') },
    apiReport: { enabled: true, reportFolder, reportTempFolder: join(projectFolder, 'temp') },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    messages: {
      extractorMessageReporting: {
        default: { logLevel: ExtractorLogLevel.Error },
        'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
        'ae-undocumented': { logLevel: ExtractorLogLevel.None },
      },
    },
  },
})

const reportExisted = existsSync(config.reportFilePath)
const { succeeded, apiReportChanged } = Extractor.invoke(config, {
  localBuild: update,
  messageCallback: (message) => {
    if (message.messageId.startsWith('console-')) message.handled = true
  },
})

if (!update && (apiReportChanged || !reportExisted)) {
  const report = relative(projectFolder, config.reportFilePath)
  console.error(
    `The public API differs from its reviewed report, ${report}. If that is meant: pnpm api:update, read what changed in the report, commit it.`,
  )
}
if (!succeeded) process.exitCode = 1
