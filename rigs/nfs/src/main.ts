// `pnpm test:nfs [scenario...] [--rounds N] [--minutes M] [--hosts 1,2,3] [--list] [--keep]`: sets up the rig, and plays the
// scenarios in its network.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { runProgram } from '@sqlite-efs/toolkit/arguments'
import { chosen, type Options, options } from './options.js'
import { RIG, rig } from './rig.js'
import { SCENARIOS } from './scenarios/index.js'

const words = process.argv.slice(2)

async function main(parsed: Options): Promise<number> {
  if (parsed.list) {
    for (const { name, rounds, shows } of chosen(SCENARIOS, parsed)) console.log(`${name} (${rounds} rounds): ${shows}`)
    return 0
  }
  const missing = await messageOf(rig('check'))
  if (missing !== undefined) {
    console.error(`${missing}\n\`pnpm test:nfs\` runs on real NFSv4.1 and needs what rigs/nfs/rig/README.md lists.`)
    return 2
  }
  return withRig(parsed)
}

async function withRig({ hosts, keep }: Options): Promise<number> {
  const guests = hosts.map(String)
  // A Ctrl-C reaches who plays too; this one stays to clean up.
  process.on('SIGINT', () => {})
  console.log('Starting the NFS server and three hosts.')
  try {
    const failure = await messageOf(rig('up', ...guests))
    if (failure === undefined) return await play()
    console.error(failure)
    return 1
  } finally {
    // Others may have guests of their own in the rig.
    if (!keep) await rig('down', ...guests)
  }
}

async function play(): Promise<number> {
  const program = [process.execPath, ...process.execArgv, fileURLToPath(new URL('play.ts', import.meta.url)), ...words]
  const child = spawn(RIG, ['host', program.map(quoted).join(' ')], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

/** What a command of the rig that failed had to say. */
async function messageOf(command: Promise<unknown>): Promise<string | undefined> {
  try {
    await command
    return undefined
  } catch (error) {
    return (error as { stderr?: string }).stderr || String(error)
  }
}

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

process.exitCode = await runProgram(() => options(words, SCENARIOS), main)
