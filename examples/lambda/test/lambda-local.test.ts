import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { readArguments } from '../local/arguments.js'
import { isGroupRunning } from './process-group.js'

const MAIN = fileURLToPath(new URL('../local/main.ts', import.meta.url))

describe('pnpm lambda:local', () => {
  let folder: string
  let running: ChildProcess
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lambda-local-test-'))
  })
  afterEach(() => running.kill('SIGKILL'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Starts it in a process group of its own; resolves with its address. */
  async function start(...args: string[]): Promise<string> {
    running = spawn(
      process.execPath,
      ['--conditions=@sqlite-efs/source', '--import', 'tsx', MAIN, '--port', '0', ...args],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, TMPDIR: folder },
        detached: true,
      },
    )
    for await (const line of createInterface(running.stdout!)) {
      const url = /^serving the booking service at (\S+)$/.exec(line)?.[1]
      if (url) return url
    }
    throw new Error('it ended without serving')
  }

  /** As Ctrl-C in a terminal, which reaches the whole group. */
  async function stop(): Promise<unknown> {
    const { pid = 0 } = running
    const exited = once(running, 'exit')
    process.kill(-pid, 'SIGINT')
    const [code] = await exited
    await vi.waitUntil(() => !isGroupRunning(pid), { timeout: 10_000 })
    return code
  }

  const book = (url: string) =>
    fetch(`${url}/bookings`, { method: 'POST', body: JSON.stringify({ eventId: 'opening-night', buyer: 'Ada' }) })

  test('serves the deployed bundle over HTTP, and leaves the database alone when it is stopped', async () => {
    const database = join(folder, 'kept.db')
    const url = await start('--database', database, '--environments', '2')
    const booked = await book(url)
    expect({ status: booked.status, body: await booked.json() }).toMatchObject({ status: 201, body: { seatNumber: 1 } })
    expect(await stop()).toBe(0)

    const again = await start('--database', database, '--environments', '2')
    expect(await (await book(again)).json()).toMatchObject({ seatNumber: 2 })
    expect(await (await fetch(`${again}/events/opening-night`)).json()).toMatchObject({ freeSeats: 98 })
    expect(await stop()).toBe(0)
    expect(existsSync(database)).toBe(true)
    expect(readdirSync(folder).filter((name) => name.startsWith('sqlite-efs'))).toEqual([])
  })
})

describe('its options', () => {
  test('have their defaults, and help asks for nothing else', () => {
    const defaults = { port: 3000, environments: 4, timeoutMs: 15_000, database: undefined }
    expect(readArguments([])).toMatchObject(defaults)
    expect(readArguments(['--help'])).toBeUndefined()
  })

  test('may be a Node of this machine, by its major version or its path', () => {
    const major = process.versions.node.split('.')[0]!
    expect(readArguments(['--node', major])?.node).toBe(process.execPath)
    expect(readArguments(['--node', '/my/node'])?.node).toBe('/my/node')
  })

  test.each([
    [['--port', '65536'], '--port 65536: expected a whole number from 0 to 65535'],
    [['--environments', '0'], '--environments 0: expected a whole number from 1 to 1000'],
    [['--timeout', '1.5'], '--timeout 1.5: expected a whole number from 1 to 900000'],
    [['--node', '4'], '--node 4: this is Node v'],
    [['--database', '/no/such/folder/app.db'], '--database /no/such/folder/app.db: there is no folder /no/such/folder'],
    [['--tiemout', '1'], "Unknown option '--tiemout'"],
  ])('are refused where they are wrong: %j', (args, message) => {
    expect(() => readArguments(args)).toThrow(message)
  })
})
