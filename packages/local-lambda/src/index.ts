/**
 * AWS Lambda on this machine, as honest as it can be without a machine of its own for each environment.
 *
 * As on Lambda: Amazon's runtime loop (npm aws-lambda-ric) on the Runtime API, the environment's variables, working directory
 * and V8 flags; an environment is frozen as soon as it asks for its next invocation, in the middle of whatever was left
 * unawaited, and thawed by the next; a timeout is SIGKILL; a crash and a failed start are reported in Lambda's words; with more than one
 * invocation in an environment the worker threads of Lambda Managed Instances.
 *
 * Not as on Lambda: an invocation waits where Lambda would throttle it; the file system is this machine's, and writable; memory bounds
 * V8's heap alone; there are no extensions, no X-Ray and no credentials but those in `env`; the wall clock is shared; an environment
 * lives as long as its function; one that timed out is replaced, where Lambda starts the runtime anew in the same place.
 * On Managed Instances an invocation waits, too, and its time runs from the moment when a thread takes it.
 *
 * @packageDocumentation
 */
export { lambdaNode } from '@sqlite-efs/lambda-node'
export type { EnvironmentState } from './environment.js'
export { type ErrorPayload, LocalLambdaError, type LocalLambdaErrorCode } from './errors.js'
export { type FunctionUrl, serveFunctionUrl } from './function-url.js'
export type { Invoked, InvokeOptions } from './invocation.js'
export { type EnvironmentInfo, LocalFunction } from './local-function.js'
export type { LocalFunctionOptions } from './options.js'
