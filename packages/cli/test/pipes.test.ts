import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RunningCli } from './support/cli.js'
import { bank, scratchFolder } from './support/scratch.js'

test('a command goes on where nobody reads its stderr any more', async () => {
  const path = await bank()
  const copy = join(scratchFolder(), 'copy.db')
  const running = new RunningCli(['snapshot', copy, '--url', path, '--local'])
  running.process.stderr!.destroy()
  expect(await running.ended).toMatchObject({ code: 0, signal: null })
  expect(existsSync(copy)).toBe(true)
})

test('a command ends with its own exit code where nobody reads its stdout any more', async () => {
  const path = await bank()
  rmSync(path)
  const running = new RunningCli(['doctor', '--url', path, '--local'])
  running.process.stdout!.destroy()
  expect(await running.ended).toMatchObject({ code: 4, stderr: '' })
})
