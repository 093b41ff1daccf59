import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { bundle } from '@sqlite-efs/toolkit/bundle'
import { silentServer } from '@sqlite-efs/toolkit/silent-server'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Workbench } from './support/clients.js'

const PROGRAM = fileURLToPath(new URL(`../temp/unreachable-${process.pid}.mjs`, import.meta.url))

/** Far beyond what the program needs once it has nothing left to do, and below what its leftovers took: 10 s and more. */
const LINGERING_MS = 8_000

interface Said {
  write: { code: string; message: string }
  transaction: { code: string; message: string }
  before: string[]
  after: string[]
}

/** Nobody accepts, and the queue of those who wait to be accepted is full: the kernel drops whoever else wants to connect. */
async function blackHole(): Promise<{ port: number }> {
  const deaf = `
    const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const child = spawn(process.execPath, ['-e', deaf], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  for (let i = 0; i < 4; i++) {
    const socket = connect(Number(String(port)), '127.0.0.1').on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
  }
  return { port: Number(String(port)) }
}

/** What the program said, and the end of it. */
async function saidBy(child: ChildProcess): Promise<Said> {
  const chunks: Buffer[] = []
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(child.stdout!, 'data')
  const lingering = setTimeout(() => child.kill('SIGKILL'), LINGERING_MS)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(lingering)
  expect({ code, signal }).toEqual({ code: 0, signal: null })
  return JSON.parse(Buffer.concat(chunks).toString()) as Said
}

const ENDPOINTS: Record<string, () => Promise<string>> = {
  'refuses connections': async () => 'http://127.0.0.1:9',
  'accepts connections, and never answers': () => silentServer(onTestFinished),
  'has no address': async () => 'http://dynamodb.invalid',
  'swallows the attempt to connect': async () => `http://127.0.0.1:${(await blackHole()).port}`,
}

describe('where DynamoDB', () => {
  beforeAll(async () => {
    await bundle(new URL('support/unreachable.ts', import.meta.url), PROGRAM)
    return () => rmSync(PROGRAM)
  })

  test.each(Object.entries(ENDPOINTS))(
    '%s, nothing is open after $disconnect, and the process ends',
    async (_, endpointOf) => {
      const endpoint = await endpointOf()
      await using bench = await new Workbench().migrate()
      const child = spawn(process.execPath, [PROGRAM, bench.file, 'app-locks'], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...process.env,
          AWS_ENDPOINT_URL_DYNAMODB: endpoint,
          AWS_REGION: 'eu-central-1',
          AWS_ACCESS_KEY_ID: 'x',
          AWS_SECRET_ACCESS_KEY: 'x',
        },
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      const { write, transaction, before, after } = await saidBy(child)
      expect(write).toMatchObject({ code: 'P1001' })
      expect(transaction).toMatchObject({ code: 'P1001' })
      for (const { message } of [write, transaction]) {
        expect(message).toMatch(/table app-locks in eu-central-1: .* Nothing was written\.$/)
        expect(message).not.toContain('AbortError')
      }
      expect(after).toEqual(before)
    },
  )
})
