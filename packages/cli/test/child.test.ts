import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { Child } from '../src/process/child.js'

/** A command that has changed its user: the system forbids to signal it, which Node tells by an 'error'. */
function startOutOfReach() {
  let end = () => {}
  const start = ((command: string, args: string[]) => {
    const child = spawn(command, args, { stdio: 'ignore' })
    const kill = child.kill.bind(child)
    child.kill = () => child.emit('error', Object.assign(new Error('kill EPERM'), { code: 'EPERM' })) && false
    end = () => void kill('SIGKILL')
    onTestFinished(() => end())
    return child
  }) as typeof spawn
  return { start, end: () => end() }
}

test('a command that signals do not reach is over when it ends, and no sooner', async () => {
  const { start, end } = startOutOfReach()
  const notes: string[] = []
  const child = new Child(
    ['sleep', '1000'],
    { token: 1, stdout: 'inherit', onUnreachable: (message) => notes.push(message) },
    start,
  )
  let isOver = false
  const over = child.end.finally(() => {
    isOver = true
  })
  over.catch(() => {})
  child.kill('SIGTERM')
  child.stop(0)
  await expect.poll(() => notes).toHaveLength(3)
  expect(notes[0]).toMatch(/"sleep", which goes on: kill EPERM/)
  expect(isOver).toBe(false)
  end()
  await expect(over).resolves.toEqual({ exitCode: null, signal: 'SIGKILL' })
})
