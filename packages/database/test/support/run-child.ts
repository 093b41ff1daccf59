import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Runs a TypeScript file of this folder as a process, and resolves when it has ended, however it did. */
export async function runChild(
  file: string,
  args: string[],
  flags: string[] = [],
  { maxOpenFiles = 0 } = {},
): Promise<{ signal: string | null; code: number | null; output: string }> {
  const command = [
    process.execPath,
    ...flags,
    '--conditions=@sqlite-efs/source',
    '--import',
    'tsx',
    fileURLToPath(new URL(file, import.meta.url)),
    ...args,
  ]
  const limit = maxOpenFiles > 0 ? `ulimit -n ${maxOpenFiles};` : ''
  const child = spawn('sh', ['-c', `${limit} exec "$0" "$@"`, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { code, signal, output }
}
