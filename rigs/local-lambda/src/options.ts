import { existsSync, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { LocalLambdaError } from './errors.js'

/** A function, as it would be configured on Lambda. */
export interface LocalFunctionOptions {
  /** The unzipped package: the environments' working directory and `LAMBDA_TASK_ROOT`. */
  folder: string
  /** The file in it, without its extension, and the export. @default 'index.handler' */
  handler?: string
  /** `AWS_LAMBDA_FUNCTION_NAME`. @default 'local' */
  name?: string
  /** At most so many execution environments, each a process; 1 or more. */
  environments: number
  /**
   * An invocation may take so long, in milliseconds; then its environment is killed.
   * On Managed Instances the caller gets the error, and nothing is killed, as on Lambda.
   */
  timeoutMs: number
  /** Beside what Lambda itself sets. Nothing of this process' environment is handed on. */
  env?: Readonly<Record<string, string>>
  /** The Node binary; see `lambdaNode()`. @default process.execPath */
  node?: string
  /**
   * More than 1 is Lambda Managed Instances: an environment has so many invocations at once, and is never frozen.
   * Its runtime divides them between worker threads, each with the handler loaded anew: 8 for each CPU, or as many as
   * `AWS_LAMBDA_NODEJS_WORKER_COUNT` in `env` says.
   * (https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-nodejs-runtime.html)
   *
   * @default 1
   */
  invocationsPerEnvironment?: number
  /**
   * Before its first invocation an environment may take so long, in milliseconds; then it is killed, and another one gets `timeoutMs`.
   * (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html)
   *
   * @default 10_000; with more than one invocation in an environment 130_000, or timeoutMs if that is more
   */
  initTimeoutMs?: number
  /** `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MB; bounds V8's heap as Lambda does, and nothing else. @default 1024 */
  memoryMb?: number
  /** Gets each line that an environment writes. @default to the standard error */
  log?: (line: string) => void
}

/** The options with their defaults. */
export type Settings = Required<LocalFunctionOptions>

/** @throws LocalLambdaError `CONFIGURATION`, which names the option and its value. */
export function toSettings(options: LocalFunctionOptions): Settings {
  const { invocationsPerEnvironment = 1, timeoutMs } = options
  const settings: Settings = {
    handler: 'index.handler',
    name: 'local',
    env: {},
    node: process.execPath,
    invocationsPerEnvironment,
    initTimeoutMs: invocationsPerEnvironment > 1 ? Math.max(130_000, timeoutMs) : 10_000,
    memoryMb: 1024,
    log: (line) => process.stderr.write(`${line}\n`),
    ...options,
  }
  for (const name of ['environments', 'invocationsPerEnvironment', 'timeoutMs', 'initTimeoutMs', 'memoryMb'] as const) {
    const value = settings[name]
    if (!Number.isSafeInteger(value) || value < 1)
      throw new LocalLambdaError('CONFIGURATION', `${name} is ${value}, and must be a whole number, 1 or more`)
  }
  if (!isAbsolute(settings.folder) || !existsSync(settings.folder) || !statSync(settings.folder).isDirectory())
    throw new LocalLambdaError(
      'CONFIGURATION',
      `folder is ${settings.folder}, and must be the absolute path of a folder`,
    )
  if (!/^[^.].*\../.test(settings.handler))
    throw new LocalLambdaError(
      'CONFIGURATION',
      `handler is ${settings.handler}, and must be file and export: index.handler`,
    )
  if (!existsSync(settings.node))
    throw new LocalLambdaError('CONFIGURATION', `node is ${settings.node}, and there is no such file`)
  return settings
}
