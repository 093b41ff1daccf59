import { statSync } from 'node:fs'

/** Adds what `.env` in the working directory says to the environment; what is set already wins. */
export function loadEnvironment(): void {
  // The SDK's word on the end of Node 20 is for who builds on it, not for who types a command.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  if (statSync('.env', { throwIfNoEntry: false })?.isFile()) process.loadEnvFile('.env')
}
