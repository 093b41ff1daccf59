import { DatabaseError } from '@sqlite-efs/database'
import { LeaseError } from '@sqlite-efs/lease'
import { CliError } from '../contract/errors.js'
import { hintFor, inCliWords } from './cli-words.js'
import { stdoutClosed } from './pipes.js'

/** Where a command says what it has to say: its result on stdout, all else on stderr; as JSON documents on request, one a line. */
export class Output {
  readonly isJson: boolean

  constructor(isJson: boolean) {
    this.isJson = isJson
  }

  /** The result, in one of its two shapes. */
  result(document: object, text: string): void {
    if (stdoutClosed.aborted) return
    process.stdout.write(this.isJson ? `${JSON.stringify(document)}\n` : `${text}\n`)
  }

  /** A word on the way, for people and logs. */
  note(message: string): void {
    process.stderr.write(this.isJson ? `${JSON.stringify({ note: message })}\n` : `${message}\n`)
  }

  /** How far it is. */
  progress(document: object, text: string): void {
    process.stderr.write(this.isJson ? `${JSON.stringify({ progress: document })}\n` : `${text}\n`)
  }

  /** The command that helps against an error, if one does. */
  hint(error: { code: string; message: string }): void {
    const hint = hintFor(error)
    if (hint !== undefined) this.note(hint)
  }

  /** Why there is no result: the last word, where it is JSON. */
  error(error: unknown): void {
    const { code, message, details } = describeError(error)
    const document = { error: { code, message, ...(details && { details }) } }
    if (this.isJson) this.hint({ code, message })
    process.stderr.write(this.isJson ? `${JSON.stringify(document)}\n` : `${code}: ${message}\n`)
    if (!this.isJson) this.hint({ code, message })
  }
}

/** An error as it is shown: one of ours by its code and in the command line's words, any other as it is. */
export function describeError(error: unknown): { code: string; message: string; details?: object } {
  if (error instanceof CliError) return { code: error.code, message: error.message }
  if (error instanceof DatabaseError || error instanceof LeaseError) {
    const { code, details } = error
    const message = inCliWords(error.message)
    return { code, message, ...(Object.keys(details).length > 0 && { details }) }
  }
  if (!(error instanceof Error)) return { code: 'UNEXPECTED', message: String(error) }
  const { code } = error as NodeJS.ErrnoException
  return { code: code ?? 'UNEXPECTED', message: error.message }
}
