import { createInterface } from 'node:readline/promises'
import { CliError } from '../contract/errors.js'

/** Where to ask; only tests give another one. */
export interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean }
  output: NodeJS.WritableStream
}

/**
 * Asks whether it may be done: on stderr, since stdout is the result's.
 *
 * @throws CliError `NOT_CONFIRMED` for every answer but yes, and where there is no terminal to ask on
 */
export async function confirm(
  what: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (!input.isTTY) throw new CliError('NOT_CONFIRMED', `${what} There is no terminal to ask on: say --yes.`)
  const terminal = createInterface({ input, output })
  // Ctrl-C and Ctrl-D close it, and the question would never be answered.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
  try {
    const answer = await Promise.race([terminal.question(`${what} Do it? (yes/no) `), closed])
    if (/^y(es)?$/i.test(answer.trim())) return
  } finally {
    terminal.close()
  }
  throw new CliError('NOT_CONFIRMED', `${what} It was not done: the answer was not yes.`)
}
