// How the source of one package is mutated: scripts/mutation.mjs runs it in the package's folder.
import { fileURLToPath } from 'node:url'

const besideThis = (name) => fileURLToPath(new URL(name, import.meta.url))

export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: besideThis('vitest.mutation.config.mjs'), related: false },
  coverageAnalysis: 'perTest',
  // Texts for people are not what a test should pin word by word.
  mutator: { excludedMutations: ['StringLiteral'] },
  // TypeScript 7 has no API that Stryker could rewrite a tsconfig with; the transpiler needs none.
  tsconfigFile: 'none.json',
  ignorePatterns: ['dist', 'temp', 'etc', 'tsconfig*.json'],
  timeoutMS: 10_000,
  dryRunTimeoutMinutes: 20,
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
  jsonReporter: { fileName: 'temp/mutation.json' },
  // Stryker's incremental mode did not notice a new test file, and went on calling survivors what that kills.
  incremental: false,
  thresholds: { high: 90, low: 75, break: null },
  tempDirName: '.stryker-tmp',
}
