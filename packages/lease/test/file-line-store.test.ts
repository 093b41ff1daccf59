import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import { afterAll, expect, test } from 'vitest'
import { LocalLeaser } from '../src/index.js'
import type { LineAnswer } from '../src/line/line-store.js'
import { joined, left, type Transition } from '../src/line/line-transitions.js'
import { FileLineStore } from '../src/local/file-store.js'
import { systemRandom } from '../src/time/random.js'

const top = folderUntil(afterAll)

const KEY = 'database#/srv/app.db'
let directories = 0
const newDirectory = () => join(top, String(++directories))

/** Can be overtaken between what it reads and what it writes: in its transition. */
class Contender extends FileLineStore {
  override write(key: string, transition: Transition): LineAnswer {
    return super.write(key, transition)
  }
}

const contender = (directory: string) => new Contender(directory, systemRandom)
const entry = (id: string) => ({ id, owner: id, aliveUntilMs: 1000 })

const names = async (store: FileLineStore) =>
  (await store.look(KEY)).item?.contenders.map(({ id, ticket }) => `${id}${ticket}`).join(' ')

/** The files of the one key in a directory. */
function filesOf(directory: string): string[] {
  const [folder = '', ...others] = readdirSync(directory)
  expect(others).toEqual([])
  return readdirSync(join(directory, folder)).map((name) => join(directory, folder, name))
}

test('nothing is made before the first write, and one file is all that there is of a line in which nobody waits', async () => {
  const directory = newDirectory()
  const leaser = new LocalLeaser({ directory })
  expect(leaser.name).toBe(`files in ${directory}`)
  expect(await leaser.inspect(KEY)).toEqual({ key: KEY, ticket: 0, contenders: [] })
  expect(existsSync(directory)).toBe(false)
  const lease = await leaser.acquire(KEY)
  await lease.renew()
  const next = await lease.yield()
  expect(filesOf(directory)).toHaveLength(1)
  await next.release()
  expect(filesOf(directory)).toHaveLength(1)
})

test('of two who change the same state one is first, and the other asks again whether its condition holds', async () => {
  const directory = newDirectory()
  const [a, b] = [contender(directory), contender(directory)]
  await a.join(KEY, entry('x'))
  const seen: string[] = []
  const answer = a.write(KEY, (item) => {
    seen.push(item.contenders.map(({ id }) => id).join(' '))
    if (seen.length === 1) expect(b.write(KEY, joined(entry('b'))).done).toBe(true)
    return joined(entry('a'))(item)
  })
  expect(seen).toEqual(['x', 'x b'])
  expect(answer.item?.contenders.map(({ ticket }) => ticket)).toEqual([1, 2, 3])
  expect(await names(b)).toBe('x1 b2 a3')

  const refused = a.write(KEY, (item) => {
    b.write(KEY, left('x', 1))
    return left('x', 1)(item)
  })
  expect(refused.done).toBe(false)
  expect(await names(a)).toBe('b2 a3')
})

test('of two who make the line one is first, and the other joins it', async () => {
  const directory = newDirectory()
  const [a, b] = [contender(directory), contender(directory)]
  let calls = 0
  a.write(KEY, (item) => {
    if (++calls === 1) b.write(KEY, joined(entry('b')))
    return joined(entry('a'))(item)
  })
  expect(await names(a)).toBe('b1 a2')
  expect(filesOf(directory)).toHaveLength(2)
})

test('who was about to make a line that has moved on since does not set it back', async () => {
  const directory = newDirectory()
  const [a, b] = [contender(directory), contender(directory)]
  let calls = 0
  a.write(KEY, (item) => {
    if (++calls === 1) for (const id of ['b', 'c', 'd']) b.write(KEY, joined(entry(id)))
    return joined(entry('a'))(item)
  })
  expect(await names(b)).toBe('b1 c2 d3 a4')
})

test.each([
  ['torn', (file: string) => truncateSync(file, 10)],
  ['empty', (file: string) => truncateSync(file)],
  ['missing', (file: string) => rmSync(file)],
  ['something else', (file: string) => writeFileSync(file, '{"ticket":"7"}')],
])('an item that is %s after a power failure is an empty line, whose tickets go on', async (_, damage) => {
  const directory = newDirectory()
  for (const id of ['a', 'b', 'c']) await contender(directory).join(KEY, entry(id))
  damage(filesOf(directory).find((file) => file.endsWith('.json')) ?? '')
  const store = contender(directory)
  expect((await store.look(KEY)).item).toEqual({ ticket: 3, contenders: [] })
  await store.join(KEY, entry('d'))
  expect(await names(store)).toBe('d4')
})

test('contenders that another version wrote are not overlooked: the line is refused, and says why', async () => {
  const directory = newDirectory()
  for (const id of ['a', 'b']) await contender(directory).join(KEY, entry(id))
  const file = filesOf(directory).find((name) => name.endsWith('.json')) ?? ''
  const text = readFileSync(file, 'utf8')
  expect(JSON.parse(text)).toMatchObject({
    contenders: [
      { id: 'a', who: 'a' },
      { id: 'b', who: 'b' },
    ],
  })
  writeFileSync(file, text.replaceAll('"who"', '"holder"'))
  await expect(contender(directory).join(KEY, entry('c'))).rejects.toMatchObject({
    error: { message: expect.stringMatching(/another version of @sqlite-efs\/lease/) as string },
  })
})

test('what the killed left is cleared by the next write', async () => {
  const directory = newDirectory()
  const store = contender(directory)
  await store.join(KEY, entry('a'))
  const [folder = ''] = readdirSync(directory)
  for (const orphan of ['1-1-aaaaaaaa.json', '2-2-aaaaaaaa.json']) writeFileSync(join(directory, folder, orphan), '{}')
  await store.join(KEY, entry('b'))
  expect(filesOf(directory)).toHaveLength(2)
  expect(await names(store)).toBe('a1 b2')

  await contender(directory).leave(KEY, 'b', 2)
  writeFileSync(join(directory, folder, '4-2-aaaaaaaa.json'), '{}')
  await contender(directory).leave(KEY, 'a', 1)
  expect(filesOf(directory)).toHaveLength(1)

  rmSync(join(directory, folder), { recursive: true })
  mkdirSync(join(directory, `${folder}.aaaaaaaa.new`))
  await store.join(KEY, entry('c'))
  expect(filesOf(directory)).toHaveLength(1)
})

test('what two in line need besides is gone when the second has left', async () => {
  const directory = newDirectory()
  const [a, b] = [contender(directory), contender(directory)]
  await a.join(KEY, entry('a'))
  await b.join(KEY, entry('b'))
  expect(filesOf(directory)).toHaveLength(2)
  await b.leave(KEY, 'b', 2)
  expect(filesOf(directory)).toHaveLength(1)
  expect(await names(contender(directory))).toBe('a1')
})

test('who was swept last is told by a name, too: a turn alone needs no second file after that', async () => {
  const directory = newDirectory()
  const store = contender(directory)
  await store.join(KEY, entry('a'))
  await store.sweep(KEY, { ...entry('a'), ticket: 1 }, 7)
  await store.join(KEY, entry('b'))
  expect(filesOf(directory)).toHaveLength(1)
  const item = { ticket: 2, contenders: [{ ...entry('b'), ticket: 2 }], swept: { owner: 'a', ticket: 1, atMs: 7 } }
  expect((await contender(directory).look(KEY)).item).toEqual(item)
})

test('what is answered is the caller’s own', async () => {
  const directory = newDirectory()
  const store = contender(directory)
  await store.join(KEY, entry('a'))
  await store.sweep(KEY, { ...entry('a'), ticket: 1 }, 7)
  const { item } = await store.look(KEY)
  Object.assign(item?.swept ?? {}, { owner: 'nobody' })
  expect((await store.look(KEY)).item?.swept?.owner).toBe('a')
})

test.each([
  '',
  'thinkpad:12345',
  'w'.repeat(24),
  'w'.repeat(200),
  'é'.repeat(12),
  '*,;%-.json.line\0',
  '/../\n',
  '\ud800',
])(
  'who calls itself %j stands in the line as it says, and no file’s name is longer than the 143 bytes of eCryptfs',
  async (owner) => {
    const directory = newDirectory()
    const store = contender(directory)
    await store.raise(KEY, 10_000_000)
    await store.join(KEY, { id: 'abcdefgh', owner, aliveUntilMs: 1_800_000_000_000 })
    for (const file of filesOf(directory)) expect(Buffer.byteLength(basename(file))).toBeLessThanOrEqual(143)
    const one = { id: 'abcdefgh', owner, aliveUntilMs: 1_800_000_000_000, ticket: 10_000_001 }
    expect((await contender(directory).look(KEY)).item?.contenders).toEqual([one])
  },
)

test('a line whose files are deleted begins anew, and who held it has lost it', async () => {
  const directory = newDirectory()
  const leaser = new LocalLeaser({ directory })
  const lease = await leaser.acquire(KEY)
  rmSync(directory, { recursive: true })
  await expect(lease.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
  await lease.release()
  await (await leaser.acquire(KEY)).release()
})

test('a directory that can’t be used is a configuration error that names it', async () => {
  const file = join(top, 'a-file')
  writeFileSync(file, '')
  for (const directory of [file, join(file, 'below'), join(top, 'nowhere', 'below')]) {
    const leaser = new LocalLeaser({ directory })
    const error: unknown = await leaser.acquire(KEY).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'CONFIGURATION' })
    expect((error as Error).message).toContain(JSON.stringify(directory))
  }
  const empty = newDirectory()
  for (const id of ['a', 'b']) await contender(empty).join(KEY, entry(id))
  const pointer = filesOf(empty).find((name) => name.endsWith('.line')) ?? ''
  rmSync(pointer)
  await expect(contender(empty).join(KEY, entry('c'))).rejects.toMatchObject({ kind: 'throttled' })
})

test('a process that is killed at any moment leaves a line that can be used', async () => {
  const directory = newDirectory()
  const script = fileURLToPath(new URL('join-and-leave.ts', import.meta.url))
  const node = ['--conditions=@sqlite-efs/source', '--import', 'tsx', script]
  const store = contender(directory)
  for (let kill = 0; kill < 3; kill++) {
    const child = spawn(process.execPath, [...node, directory, KEY], { stdio: ['ignore', 'pipe', 'inherit'] })
    let lines = 0
    // Some thousand changes in between: it dies in the middle of one.
    child.stdout.on('data', () => {
      if (++lines === 2 + kill) child.kill('SIGKILL')
    })
    await once(child, 'close')
    expect(child.signalCode).toBe('SIGKILL')
    const before = (await store.look(KEY)).item?.ticket ?? 0
    expect(before).toBeGreaterThan(0)
    const { item } = await store.join(KEY, entry(`after-${kill}`))
    expect(item?.ticket).toBe(before + 1)
    expect(filesOf(directory)).toHaveLength(item?.contenders.length === 1 ? 1 : 2)
  }
})

test('the length of a lease is kept in the name of a pointer and in a file, and an entry of an older version has none', async () => {
  const directory = newDirectory()
  const store = contender(directory)
  const lengths = async () =>
    (await contender(directory).look(KEY)).item?.contenders.map(({ id, ttlMs }) => [id, ttlMs]) ?? []
  await store.join(KEY, { ...entry('a'), ttlMs: 6000 })
  expect(await lengths()).toEqual([['a', 6000]])
  await store.join(KEY, entry('b'))
  expect(await lengths()).toEqual([
    ['a', 6000],
    ['b', undefined],
  ])
  await store.leave(KEY, 'a', 1)
  expect(await lengths()).toEqual([['b', undefined]])
})
