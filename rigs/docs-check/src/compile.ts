import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '@sqlite-efs/toolkit/temporary-folder'
import type { Block } from './blocks.js'
import { TOP } from './pages.js'

const PACKAGE = fileURLToPath(new URL('../', import.meta.url))
const run = promisify(execFile)

/**
 * Type-checks blocks against the packages of this repository, each as a module of its own, with a generated Prisma client
 * (the booking service's) beside it.
 *
 * @returns what tsc says, with the block's place instead of a file name; empty when all is well
 */
export function typeCheck(blocks: readonly Block[]): Promise<string> {
  return besideClient(async (folder) => {
    const names = await Promise.all(
      blocks.map(async (block, index) => {
        await writeFile(join(folder, `block-${index}.ts`), `${block.code}\nexport {}\n`)
        return [`block-${index}.ts`, block.where] as const
      }),
    )
    const config = {
      extends: '../../../tsconfig.json',
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
      files: names.map(([name]) => name),
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const complaints = await tsc(folder)
    return names.reduce((text, [name, where]) => text.replaceAll(name, where), complaints)
  })
}

/** Runs a block of TypeScript as a module beside the generated Prisma client, and gives what it exports to `use`. */
export function withModule<T>(code: string, use: (exported: Record<string, unknown>) => Promise<T>): Promise<T> {
  return besideClient(async (folder) => {
    const file = join(folder, 'block.ts')
    await writeFile(file, code)
    return await use((await import(file)) as Record<string, unknown>)
  })
}

/** With a folder from which the packages and `./generated/prisma/client.js`, the booking service's, are found. */
async function besideClient<T>(use: (folder: string) => Promise<T>): Promise<T> {
  using folder = temporaryFolder('.blocks', PACKAGE)
  await mkdir(join(folder.path, 'generated/prisma'), { recursive: true })
  const client = join(TOP, 'examples/lambda/src/generated/prisma/client.js')
  await writeFile(join(folder.path, 'generated/prisma/client.ts'), `export * from ${JSON.stringify(client)}\n`)
  return await use(folder.path)
}

/** Has the shell, or Node, read a block without running it. */
export async function parseOnly(block: Block): Promise<string> {
  using folder = temporaryFolder('.blocks', PACKAGE)
  const isShell = block.language === 'sh'
  const file = join(folder.path, isShell ? 'block.sh' : 'block.mjs')
  await writeFile(file, block.code)
  return await output(isShell ? 'sh' : process.execPath, [isShell ? '-n' : '--check', file], folder.path)
}

function tsc(folder: string): Promise<string> {
  return output(join(TOP, 'node_modules/.bin/tsc'), ['-p', folder, '--pretty', 'false'], folder)
}

/** What a command that fails has to say; empty for one that succeeds. */
async function output(command: string, args: string[], cwd: string): Promise<string> {
  try {
    await run(command, args, { cwd })
    return ''
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    return stdout + stderr || String(error)
  }
}
