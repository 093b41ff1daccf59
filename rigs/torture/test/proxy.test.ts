import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Random } from '@sqlite-efs/toolkit/random'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CALM, type Fate, FaultyProxy } from '../src/faults/proxy.js'

let submissionOrder: string[]
let arrived: (() => void)[]
const server = createServer((request, response) => {
  request.setEncoding('utf8')
  let body = ''
  request.on('data', (text: string) => {
    body += text
  })
  request.on('error', () => undefined)
  request.on('end', () => {
    submissionOrder.push(body)
    for (const resolve of arrived.splice(0)) resolve()
    response.end(`had ${body}`)
  })
})
let proxy: FaultyProxy
let url: string

beforeEach(async () => {
  submissionOrder = []
  arrived = []
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = new FaultyProxy((server.address() as AddressInfo).port, 20, new Random(1))
  url = `http://127.0.0.1:${await proxy.listen()}`
})

afterEach(async () => {
  await proxy[Symbol.asyncDispose]()
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
})

/** What the client has of one request; `nothing` where it gave up waiting. */
async function send(body: string, patienceMs = 20_000): Promise<string> {
  try {
    const signal = AbortSignal.timeout(patienceMs)
    return await (await fetch(url, { method: 'POST', body, signal })).text()
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'nothing' : 'broken'
  }
}

/** Who waits for nothing need not wait for long. */
const patienceFor = (answer: string) => (answer === 'nothing' ? 300 : undefined)

async function arrivalsAtLeast(count: number): Promise<string[]> {
  while (submissionOrder.length < count) await new Promise<void>((resolve) => void arrived.push(resolve))
  return submissionOrder
}

const fate = (name: Fate) => ({ name, fates: { [name]: 1 }, maxDelayMs: 20 })

test('in calm weather everything passes', async () => {
  proxy.weather = CALM
  expect([await send('a'), await send('b')]).toEqual(['had a', 'had b'])
  expect(proxy.counts).toEqual({ pass: 2 })
})

test.each<[Fate, string]>([
  ['delay-request', 'had it'],
  ['delay-answer', 'had it'],
  ['reset-answer', 'broken'],
  ['close-answer', 'broken'],
  ['swallow-answer', 'nothing'],
])('%s: the request arrives, and the client has: %s', async (name, answer) => {
  proxy.weather = fate(name)
  expect(await send('it', patienceFor(answer))).toBe(answer)
  expect(await arrivalsAtLeast(1)).toEqual(['it'])
})

test.each<[Fate, string]>([
  ['reset-before', 'broken'],
  ['reset-inside', 'broken'],
  ['swallow-request', 'nothing'],
])('%s: the request does not arrive, and the client has: %s', async (name, answer) => {
  proxy.weather = fate(name)
  expect(await send('it', patienceFor(answer))).toBe(answer)
  proxy.weather = CALM
  await send('the next')
  expect(submissionOrder).toEqual(['the next'])
})

test('late: the request arrives when the client has given up', async () => {
  proxy.weather = fate('late')
  expect(await send('it', patienceFor('nothing'))).toBe('nothing')
  expect(await arrivalsAtLeast(1)).toEqual(['it'])
})

test('duplicate: the request arrives twice, and the client has its answer', async () => {
  proxy.weather = fate('duplicate')
  expect(await send('it')).toBe('had it')
  expect(await arrivalsAtLeast(2)).toEqual(['it', 'it'])
})

test('refused: nobody gets a connection', async () => {
  proxy.weather = { ...CALM, refuses: true }
  expect(await send('it')).toBe('broken')
  expect(submissionOrder).toEqual([])
})
