/**
 * What went wrong with an invocation, beyond an error that the handler threw.
 *
 * - `CONFIGURATION`: an option is wrong; the message names it and its value.
 * - `TIMED_OUT`: it took longer than `timeoutMs`; its environment was killed (not on Managed Instances).
 * - `ENVIRONMENT_DIED`: its environment ended before it answered; what it did by then is not known.
 * - `INIT_FAILED`: no environment could be started; the handler was not called.
 * - `INVALID_RESPONSE`: the handler returned what no HTTP answer can be made of.
 * - `CLOSED`: the function was disposed of.
 */
export type LocalLambdaErrorCode =
  | 'CONFIGURATION'
  | 'TIMED_OUT'
  | 'ENVIRONMENT_DIED'
  | 'INIT_FAILED'
  | 'INVALID_RESPONSE'
  | 'CLOSED'

/** An error as Lambda reports it to who invoked the function. */
export interface ErrorPayload {
  /** The error's name, or one of Lambda's own such as `Sandbox.Timedout`. */
  errorType: string
  /** What it says. */
  errorMessage: string
  /** The lines of its stack, where it has one. */
  trace?: string[]
}

/** The one error of this package; `code` says which. */
export class LocalLambdaError extends Error {
  override readonly name = 'LocalLambdaError'
  /** What went wrong. */
  readonly code: LocalLambdaErrorCode
  /** What Lambda would answer, with `X-Amz-Function-Error: Unhandled`; undefined where Lambda has nothing of the kind. */
  readonly payload: ErrorPayload | undefined
  /** The process of the environment, where there was one. */
  readonly pid: number | undefined

  constructor(
    code: LocalLambdaErrorCode,
    message: string,
    details: { payload?: ErrorPayload | undefined; pid?: number | undefined } = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.code = code
    this.payload = details.payload
    this.pid = details.pid
  }
}

/** An error that Lambda itself reports. */
export function lambdaError(
  code: LocalLambdaErrorCode,
  payload: ErrorPayload,
  pid: number | undefined,
): LocalLambdaError {
  return new LocalLambdaError(code, payload.errorMessage, { payload, pid })
}

/** What Lambda answers when a function takes longer than it may. */
export function timedOut(requestId: string, timeoutMs: number): ErrorPayload {
  const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`
  return { errorType: 'Sandbox.Timedout', errorMessage }
}

/** What Lambda answers when the runtime ends by itself. */
export function exited(requestId: string, code: number | null, signal: NodeJS.Signals | null): ErrorPayload {
  const how = signal === null ? `exit status ${code}` : `signal: ${SIGNAL_TEXTS[signal] ?? signal}`
  const reason = code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${how}`
  return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${reason}` }
}

/** In the words of Go, in which Lambda's own process is written. */
const SIGNAL_TEXTS: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted',
}
