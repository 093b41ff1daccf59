import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { silentServer } from '@sqlite-efs/toolkit/silent-server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RunningCli } from './support/cli.js'
import { bank } from './support/scratch.js'

/** Below what the leftovers of a command took, 10 s and more, and far beyond what one needs that has none. */
const LINGERING_MS = 8_000

const envOf = (endpoint: string) => ({
  AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
})

/** Killed, and so without an exit code, if it outlives its error by long. */
async function endOf(running: RunningCli, said: RegExp) {
  await running.said(said)
  const lingering = setTimeout(() => running.process.kill('SIGKILL'), LINGERING_MS)
  const ended = await running.ended
  clearTimeout(lingering)
  return ended
}

describe.each([
  ['refuses connections', async () => 'http://127.0.0.1:9'],
  ['never answers', () => silentServer(onTestFinished)],
])('where DynamoDB %s', (_, endpointOf) => {
  test.each([
    ['run', ['--timeout-ms', '2000'], ['--', 'true'], 125],
    ['vacuum', ['--timeout-ms', '2000'], [], 1],
    ['status', [], [], 1],
  ])('`%s` ends as soon as it has said so', async (command, options, after, code) => {
    const path = await bank()
    const args = [command, '--url', path, '--table', 'app-locks', ...options, ...after]
    const ended = await endOf(new RunningCli(args, { env: envOf(await endpointOf()) }), /UNREACHABLE/)
    expect(ended).toMatchObject({ code, signal: null })
  })
})

test('while it waits for a table, create-table blames the endpoint that refuses, in its own words', async () => {
  const env = envOf('http://127.0.0.1:9')
  const running = new RunningCli(['create-table', '--table', 'app-locks'], { env })
  await running.said(/No DynamoDB table app-locks .*: nothing listens there: correct AWS_ENDPOINT_URL, or start/)
  running.process.kill('SIGTERM')
  await running.ended
})

test('what can not be called off does not outlive the command', async () => {
  const path = await bank()
  const lasting = join(path, '..', 'lasting.mjs')
  writeFileSync(lasting, 'setInterval(() => {}, 1000)')
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(lasting).href}` }
  const ended = await endOf(new RunningCli(['status', '--local', '--url', path], { env }), /app\.db/)
  expect(ended).toMatchObject({ code: 0, signal: null })
})
