// Runs the vitest tests of the package in the current folder on the Node that Lambda runs. Where that can't be, or they run on it
// anyway, it says so, and is content: node --import tsx vitest-on-lambda-node.ts <vitest's arguments>
import { execFileSync, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { lambdaNode } from '@sqlite-efs/lambda-node'

const major = (version: string) => version.split('.')[0]

/** Tests start others by `process.execPath`, and what starts others by name finds the same one. */
function run(node: string, args: readonly string[]): void {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH']}` }
  const tests = spawn(node, [vitest, ...args], { stdio: 'inherit', env })
  // A terminal sends Ctrl-C to every process; a supervisor stops only this one.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => tests.kill('SIGTERM'))
  tests.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}

const node = lambdaNode()
if (node === undefined) {
  console.log(
    `Not run on Lambda's Node: the npm packages that carry it have none that starts on this ${process.platform} ${process.arch}.`,
  )
} else {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  if (major(version) === major(process.version)) {
    console.log(`Not run once more on Lambda's Node, ${version}: the task "test" runs on ${process.version}.`)
  } else {
    console.log(`On Lambda's Node, ${version}:`)
    run(node, process.argv.slice(2))
  }
}
