import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { lambdaNode } from '@sqlite-efs/lambda-node'
import { bundle } from '@sqlite-efs/toolkit/bundle'
import { PACKAGE, source } from './sources.js'

/** What is loaded as it was installed: native parts, the peers as they are published, and what builds workers. */
const EXTERNAL = ['libsql', '@prisma/adapter-libsql', '@prisma/adapter-better-sqlite3', 'dynalite', 'esbuild']

/**
 * Starts the measurement as it would run in production: in one module, on the Node that Lambda runs where this machine has it. (What
 * runs from its sources, through tsx or vitest, pays for names and imports on every call, and the peers would not.)
 */
export async function launch(words: readonly string[], stdio: StdioOptions): Promise<ChildProcess> {
  const outfile = join(PACKAGE, `dist/program-${process.pid}.mjs`)
  await bundle(source('program.ts'), outfile, EXTERNAL)
  const program = spawn(lambdaNode() ?? process.execPath, [outfile, ...words], { stdio })
  program.on('exit', () => rmSync(outfile))
  return program
}
