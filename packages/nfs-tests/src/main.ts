// `pnpm test:nfs [scenario...] [--rounds N] [--minutes M] [--hosts 1,2,3] [--list] [--keep]`: sets up the rig, and plays the
// scenarios in its network.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { options } from './options.js'
import { RIG, rig } from './rig.js'

const words = process.argv.slice(2)
const { list, keep, hosts } = options(words)

async function main(): Promise<number> {
  if (!list) {
    const missing = await rig('check').then(
      () => undefined,
      (error: { stderr?: string }) => error.stderr ?? String(error),
    )
    if (missing !== undefined) {
      console.error(`${missing}\n\`pnpm test:nfs\` runs on real NFSv4.1 and needs what tools/nfs-rig/README.md lists.`)
      return 2
    }
    console.log('Starting the NFS server and three hosts.')
    await rig('up', ...hosts.map(String))
  }
  const play = [process.execPath, ...process.execArgv, fileURLToPath(new URL('play.ts', import.meta.url)), ...words]
  const inNetwork = list ? play : [RIG, 'host', play.map(quoted).join(' ')]
  const child = spawn(inNetwork[0]!, inNetwork.slice(1), { stdio: 'inherit' })
  // A Ctrl-C reaches the child too; this one stays to clean up.
  process.on('SIGINT', () => {})
  const [code] = (await once(child, 'exit')) as [number | null]
  if (!keep && !list) await rig('down')
  return code ?? 1
}

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

process.exitCode = await main()
