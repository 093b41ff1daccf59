import { execFileSync } from 'node:child_process'
import { lambdaNode } from '@sqlite-efs/local-lambda'

/**
 * The Node that the functions run on.
 *
 * @param wanted - a path, or a major version: this process' own, or the one that Lambda runs. @default Lambda's where it is here, else this process'
 * @throws Error where that version is not here
 */
export function findNode(wanted?: string): string {
  const lambda = lambdaNode()
  if (wanted === undefined) return lambda ?? process.execPath
  if (!/^\d+$/.test(wanted)) return wanted
  const found = [process.execPath, ...(lambda ? [lambda] : [])].find((node) =>
    versionOf(node).startsWith(`v${wanted}.`),
  )
  if (found) return found
  throw new Error(
    `--node ${wanted}: this is Node ${process.version}${lambda ? `, and Lambda's ${versionOf(lambda)}` : ''}; give the path of another`,
  )
}

/** `v24.21.0`, say. */
export function versionOf(node: string): string {
  return node === process.execPath ? process.version : execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
}
