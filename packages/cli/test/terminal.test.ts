import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { confirm } from '../src/terminal/confirm.js'
import { formatBytes, formatDuration } from '../src/terminal/format.js'
import { Output } from '../src/terminal/output.js'
import { ProgressLine } from '../src/terminal/progress.js'

describe('a question on a terminal', () => {
  const ask = async (answer: string) => {
    const input = Object.assign(new PassThrough(), { isTTY: true })
    const output = new PassThrough()
    const asked = confirm('All would be replaced.', { input, output })
    input.write(`${answer}\n`)
    await asked
    return String(output.read())
  }

  test.each(['yes', 'y', ' YES '])('is answered by %j', async (answer) => {
    expect(await ask(answer)).toContain('All would be replaced. Do it? (yes/no)')
  })

  test.each(['', 'no', 'yesterday'])('is not answered by %j', async (answer) => {
    await expect(ask(answer)).rejects.toMatchObject({ code: 'NOT_CONFIRMED' })
  })

  test.each(['\u0003', '\u0004'])('is not answered by Ctrl-C and Ctrl-D: %j', async (key) => {
    const input = Object.assign(new PassThrough(), { isTTY: true })
    const output = Object.assign(new PassThrough(), { isTTY: true })
    const asked = confirm('All would be replaced.', { input, output })
    input.write(key)
    await expect(asked).rejects.toMatchObject({ code: 'NOT_CONFIRMED' })
  })

  test('is not asked where there is none', async () => {
    const nobody = { input: new PassThrough(), output: new PassThrough() }
    await expect(confirm('All would be replaced.', nobody)).rejects.toMatchObject({
      code: 'NOT_CONFIRMED',
      message: expect.stringContaining('--yes') as string,
    })
    expect(nobody.output.read()).toBeNull()
  })
})

test('progress on a terminal is one line that is rewritten, and gone at the end', () => {
  let said = ''
  const terminal = {
    isTTY: true,
    write: (text: string) => {
      said += text
    },
  }
  const progress = new ProgressLine(new Output(false), terminal)
  progress.report({ phase: 'copying', donePages: 5, pages: 10 })
  progress.report({ phase: 'copying', donePages: 10, pages: 10 })
  progress.end()
  expect(said.split('\r\u001b[K')).toEqual(['', 'copying: 50 % (5 of 10 pages)', 'copying: 100 % (10 of 10 pages)', ''])
})

test.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1024, '1.0 KiB'],
  [3.4 * 2 ** 20, '3.4 MiB'],
  [78 * 2 ** 30, '78 GiB'],
  [8 * 2 ** 60, '8388608 TiB'],
])('%d is %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  [250, '250 ms'],
  [4200, '4.2 s'],
  [180_000, '3 min'],
  [7_200_000, '2 h'],
  [5 * 86_400_000, '5 days'],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})
