import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** The program that starts and stops it all: rigs/nfs/rig. */
export const RIG = fileURLToPath(new URL('../rig/rig', import.meta.url))

/** Where the rig keeps its state, on the host and in the guests alike. */
export const RIG_FOLDER = process.env['NFS_RIG_DIR'] ?? '/var/tmp/sqlite-efs-nfs-rig'

/** What the server exports, as the host sees it: past NFS. */
export const EXPORT = join(RIG_FOLDER, 'export')

/** The same in a guest, through its NFS client. */
export const MOUNT = join(RIG_FOLDER, 'efs')

/** The host's address, as guests reach it. */
export const HOST = '10.77.0.1'

/** The length of the NFS server's lease: after so long a silence it drops a client's locks. */
export const SERVER_LEASE_S = Number(process.env['NFS_RIG_LEASE_S'] ?? 60)

/** Runs a command of the rig, and returns what it printed. */
export async function rig(...words: string[]): Promise<string> {
  const { stdout } = await execute(RIG, words)
  return stdout
}
