import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lambdaNode } from '@sqlite-efs/lambda-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { folderUntil } from '../src/temporary-folder.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const RUNNER = here('../src/vitest-on-lambda-node.ts')
const { platform, arch } = process
const NONE = `Not run on Lambda's Node: the npm packages that carry it have none that starts on this ${platform} ${arch}.\n`

interface Choices {
  env?: Readonly<Record<string, string>>
  node?: string
  runner?: string
}

/** Has the runner run the one test of `on-lambda-node`. */
function run({ env = {}, node = process.execPath, runner = RUNNER }: Choices = {}) {
  const { status, stdout, stderr } = spawnSync(node, ['--import', import.meta.resolve('tsx'), runner, 'run'], {
    cwd: here('on-lambda-node'),
    encoding: 'utf8',
    // What pnpm's shims put into NODE_PATH is installed for anyone in this repository.
    env: { ...process.env, NODE_PATH: '', ...env },
  })
  return { status, output: stdout + stderr }
}

const node = lambdaNode()
const version = node && execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
const major = version?.split('.')[0]

describe.runIf(node !== undefined && !process.version.startsWith(`${major}.`))('tests run', () => {
  test("on Lambda's Node, and so does what they start by path or by name", () => {
    const { status, output } = run()
    expect(output.startsWith(`On Lambda's Node, ${version}:\n`)).toBe(true)
    expect(output).toContain(`runs ${version}, starts ${version} and ${version}\n`)
    expect(status).toBe(0)
  })

  test('and one that fails there fails the task', () => {
    const { status, output } = run({ env: { SHALL_FAIL: 'yes' } })
    expect(output).toContain('1 failed')
    expect(status).toBe(1)
  })
})

test.runIf(node !== undefined)('where all tests run on its major version, that is said instead', () => {
  const output = `Not run once more on Lambda's Node, ${version}: the task "test" runs on ${version}.\n`
  expect(run({ node: node! })).toEqual({ status: 0, output })
})

describe('where there is', () => {
  /** A copy of the runner, in a folder where no Node is installed. */
  function copyOfRunner(): string {
    const folder = folderUntil(onTestFinished)
    const carrier = join(folder, 'node_modules/@sqlite-efs/lambda-node')
    cpSync(here('../../lambda-node/src'), join(carrier, 'src'), { recursive: true })
    cpSync(here('../../lambda-node/package.json'), join(carrier, 'package.json'))
    const runner = join(folder, 'runner.mts')
    cpSync(RUNNER, runner)
    return runner
  }

  test('none, that is said instead', () => {
    expect(run({ runner: copyOfRunner() })).toEqual({ status: 0, output: NONE })
  })

  test('one that does not start, that is said instead', () => {
    const runner = copyOfRunner()
    const binary = join(dirname(runner), `node_modules/node-${platform}-${arch}/bin/node`)
    mkdirSync(dirname(binary), { recursive: true })
    writeFileSync(binary, '#!/no/such/loader\n', { mode: 0o755 })
    expect(run({ runner })).toEqual({ status: 0, output: NONE })
  })
})

test('no script runs on it unasked', () => {
  const top = here('../../../')
  const inGroup = (group: string) => readdirSync(join(top, group)).map((name) => join(group, name))
  const folders = ['.', ...inGroup('packages'), ...inGroup('rigs'), ...inGroup('examples')]
  const withNode = folders.filter((folder) => existsSync(join(top, folder, 'node_modules/.bin/node')))
  expect(withNode.filter((folder) => folder !== 'rigs/lambda-node')).toEqual([])
})
