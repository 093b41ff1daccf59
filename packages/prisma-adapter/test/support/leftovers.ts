// Uses a client for everything, disconnects it, says what it then still has open, and has to end by itself.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { PrismaSqliteEfs } from '../../src/index.js'
import { PrismaClient } from '../generated/prisma/client.js'

const [file, tableName, owner] = process.argv.slice(2) as [string, string, 'ours' | 'theirs']

/** Those of TCP: libsql's runtime has sockets of its own, to talk to itself. */
const tcpSockets = () =>
  new Set(
    ['tcp', 'tcp6'].flatMap((protocol) =>
      readFileSync(`/proc/net/${protocol}`, 'utf8')
        .split('\n')
        .map((line) => `socket:[${line.trim().split(/\s+/)[9]}]`),
    ),
  )

/** What this process has open: files of the database, sockets, and what Node waits for. */
function open() {
  const descriptors = readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`)
    } catch {
      // The one that lists them.
      return []
    }
  })
  const tcp = tcpSockets()
  return {
    files: descriptors.filter((it) => it.startsWith(dirname(file))).length,
    sockets: descriptors.filter((it) => tcp.has(it)).length,
    resources: process.getActiveResourcesInfo().toSorted(),
  }
}

const client = owner === 'theirs' ? new DynamoDBClient({}) : undefined
const lease = { tableName, ...(client && { client }) }
const prisma = new PrismaClient({ adapter: new PrismaSqliteEfs({ url: file, lease }) })

async function use() {
  await prisma.tag.findMany()
  await Promise.all(['a', 'b'].map((name) => prisma.tag.create({ data: { name } })))
  await prisma.$transaction((tx) => tx.tag.deleteMany())
  await prisma.$transaction([prisma.tag.count(), prisma.tag.count()])
  await prisma.$transaction(() => Promise.reject(new Error('changed my mind'))).catch(() => undefined)
  await prisma.user.create({ data: { email: String(Math.random()), profile: { create: { bio: '' } } } })
}

// Node may still be closing the file that this program is in, and the SDK reading its configuration.
while (process.getActiveResourcesInfo().some((resource) => resource.includes('Req'))) await setImmediate()
const before = open()
await use()
const inUse = open()
await prisma.$disconnect()
const after = open()
await use()
await prisma.$disconnect()
const again = open()
process.stdout.write(JSON.stringify({ before, inUse, after, again }))
