/**
 * AWS Lambda on this machine, as honest as it can be without a machine of its own for each environment.
 *
 * As on Lambda: Amazon's runtime loop (npm aws-lambda-ric) on the Runtime API, the environment's variables, working directory
 * and V8 flags; an environment is frozen as soon as it asks for its next invocation, in the middle of whatever was left
 * unawaited, and thawed by the next; a timeout is SIGKILL; a crash and a failed start are reported in Lambda's words; with more than one
 * invocation in an environment the worker threads of Lambda Managed Instances.
 *
 * Not as on Lambda:
 *
 * - An invocation waits where Lambda would throttle it (429 from a function URL, and on Managed Instances).
 * - The runtime is that of `nodejs24.x` on whatever Node: handlers with callbacks are refused on 20, too. Its native HTTP client is
 *   replaced (`runtime/rapid-client.cjs`), so the event loop runs on while an answer is sent.
 * - The file system is this machine's and writable, the wall clock is shared, memory bounds V8's heap alone. There are no extensions,
 *   no layers, no X-Ray, and no credentials but those in `env`.
 * - An environment lives as long as its function does. One that timed out is replaced, where Lambda starts the runtime anew in it.
 * - A caller hears of an answer when the runtime has asked for its next invocation, a moment later than on Lambda.
 * - A function URL streams what the handler streams, and buffers the rest: on Lambda that is a setting, and CORS and IAM are others.
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
