// Holds the public API of the package in the current folder to its reviewed reports: etc/<name>.api.md, and
// etc/<name>.<entry>.api.md for each other entry point but /internal. With --update it writes the reports instead.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'

const SILENT = { logLevel: ExtractorLogLevel.None }
const update = process.argv.includes('--update')
const projectFolder = process.cwd()
const reportFolder = join(projectFolder, 'etc')
mkdirSync(reportFolder, { recursive: true })

const { name, exports } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'))
for (const [entry, { types }] of Object.entries(exports)) {
  if (types && entry !== './internal')
    check(types, [basename(name), ...entry.split('/').slice(1)].join('.'), entry === '.')
}

function check(types, reportFileName, isMain) {
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(projectFolder, 'package.json'),
    configObject: {
      projectFolder,
      mainEntryPointFilePath: join(projectFolder, types),
      compiler: { tsconfigFilePath: join(projectFolder, 'tsconfig.build.json') },
      apiReport: { enabled: true, reportFolder, reportTempFolder: join(projectFolder, 'temp'), reportFileName },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          'ae-missing-release-tag': SILENT,
          'ae-undocumented': SILENT,
          // API Extractor looks for types and the aims of links only in the same entry point; the main one holds its own to that.
          ...(isMain ? {} : { 'ae-unresolved-link': SILENT, 'ae-forgotten-export': SILENT }),
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
}
