import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Settings } from './options.js'

const ACCOUNT = '123456789012'
const DEFAULT_REGION = 'us-east-1'

/** `AWS_REGION` of a function. */
export function regionOf({ env }: Settings): string {
  return env['AWS_REGION'] ?? DEFAULT_REGION
}

/** By which name Lambda knows a function. */
export function arnOf(settings: Settings): string {
  return `arn:aws:lambda:${regionOf(settings)}:${ACCOUNT}:function:${settings.name}`
}

/** The name of an environment's log stream, by which it is told from all others. */
export function newLogStreamName(): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/')
  return `${day}/[$LATEST]${randomBytes(16).toString('hex')}`
}

/**
 * What Lambda sets for an environment, and what the function's configuration adds.
 * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html)
 */
export function environmentVariables(
  settings: Settings,
  { runtimeApi, logStreamName }: { runtimeApi: string; logStreamName: string },
): Record<string, string> {
  const region = regionOf(settings)
  return {
    AWS_DEFAULT_REGION: region,
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: ':UTC',
    ...settings.env,
    ...(settings.invocationsPerEnvironment > 1
      ? { AWS_LAMBDA_MAX_CONCURRENCY: String(settings.invocationsPerEnvironment) }
      : {}),
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${nodeMajor(settings.node)}.x`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: settings.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: settings.invocationsPerEnvironment > 1 ? 'lambda-managed-instances' : 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settings.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_REGION: region,
    LAMBDA_TASK_ROOT: settings.folder,
    _HANDLER: settings.handler,
  }
}

const majors = new Map<string, string>([[process.execPath, major(process.version)]])

function nodeMajor(node: string): string {
  const known = majors.get(node) ?? major(execFileSync(node, ['--version'], { encoding: 'utf8' }))
  majors.set(node, known)
  return known
}

function major(version: string): string {
  return /^v(\d+)/.exec(version)?.[1] ?? version
}
