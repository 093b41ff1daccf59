import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Runs a TypeScript file of this folder as a process, and resolves when it has ended, however it did. */
export async function runChild(
  file: string,
  args: string[],
  flags: string[] = [],
): Promise<{ signal: string | null; code: number | null; output: string }> {
  const child = spawn(
    process.execPath,
    [
      ...flags,
      '--conditions=@sqlite-efs/source',
      '--import',
      'tsx',
      fileURLToPath(new URL(file, import.meta.url)),
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { code, signal, output }
}
