import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { FileLineStore } from '../src/local/file-store.js'
import { systemRandom } from '../src/time/random.js'

type Fs = typeof import('node:fs')
type Call = 'readdirSync' | 'readFileSync' | 'renameSync' | 'existsSync' | 'mkdirSync' | 'writeFileSync'

/** What another process does between two system calls of this one. It happens once, on the real files. */
const between: { before?: Call; after?: Call; path: RegExp; others: () => void }[] = []

function interleave(when: 'before' | 'after', call: Call, args: unknown[]): void {
  const at = between.findIndex((it) => it[when] === call && it.path.test(String(args[0])))
  if (at >= 0) between.splice(at, 1)[0]?.others()
}

// The system calls are the real ones; this is only where the other process gets its turn.
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<Fs>()
  const watched = <Name extends Call>(name: Name) => {
    const call = fs[name] as (...args: unknown[]) => unknown
    return (...args: unknown[]) => {
      interleave('before', name, args)
      const result = call(...args)
      interleave('after', name, args)
      return result
    }
  }
  return {
    ...fs,
    readdirSync: watched('readdirSync'),
    readFileSync: watched('readFileSync'),
    renameSync: watched('renameSync'),
    existsSync: watched('existsSync'),
    mkdirSync: watched('mkdirSync'),
    writeFileSync: watched('writeFileSync'),
  }
})

const top = mkdtempSync(join(tmpdir(), 'lease-races-'))
afterAll(() => rmSync(top, { recursive: true }))
afterEach(() => {
  if (between.splice(0).length > 0) throw new Error('The other process never got its turn')
})

const KEY = 'database#/srv/app.db'
let directories = 0
const newDirectory = () => join(top, String(++directories))
const store = (directory: string) => new FileLineStore(directory, systemRandom)
const entry = (id: string) => ({ id, owner: id, aliveUntilMs: 1000 })
const line = async (directory: string) =>
  (await store(directory).look(KEY)).item?.contenders.map(({ id, ticket }) => `${id}${ticket}`).join(' ')

/** Two stand in line, so that the item has a file beside its pointer. */
async function twoInLine(): Promise<string> {
  const directory = newDirectory()
  await store(directory).join(KEY, entry('a'))
  await store(directory).join(KEY, entry('b'))
  return directory
}

test('a reader that is overtaken between the listing and the item reads again, and does not see an empty line', async () => {
  const directory = await twoInLine()
  between.push({ before: 'readFileSync', path: /\.json$/, others: () => void store(directory).join(KEY, entry('c')) })
  expect(await line(directory)).toBe('a1 b2 c3')
})

test('a process that joins, overtaken between the listing and the item, stands behind those in line', async () => {
  const directory = await twoInLine()
  between.push({ before: 'readFileSync', path: /\.json$/, others: () => void store(directory).join(KEY, entry('c')) })
  const { item } = await store(directory).join(KEY, entry('d'))
  expect(item?.contenders.map(({ ticket }) => ticket)).toEqual([1, 2, 3, 4])
})

test('a process that clears up after its change leaves what a faster one has written since', async () => {
  const directory = await twoInLine()
  between.push({ after: 'renameSync', path: /\.line$/, others: () => void store(directory).join(KEY, entry('d')) })
  await store(directory).join(KEY, entry('c'))
  expect(await line(directory)).toBe('a1 b2 c3 d4')
})

test('a process that clears up leaves the file of a change that is about to be made', async () => {
  const directory = await twoInLine()
  // The slower one has written its item, and not yet renamed the pointer; the faster one makes a change and clears up.
  between.push({ before: 'renameSync', path: /\.line$/, others: () => void store(directory).join(KEY, entry('c')) })
  await store(directory).join(KEY, entry('d'))
  expect(await line(directory)).toBe('a1 b2 c3 d4')
})

test('of two who make the folder at once one is first, and the other joins its line', async () => {
  const directory = newDirectory()
  const others = () => void store(directory).join(KEY, entry('b'))
  between.push({ before: 'renameSync', path: /\.new$/, others })
  await store(directory).join(KEY, entry('a'))
  expect(await line(directory)).toBe('b1 a2')
  expect(readdirSync(directory)).toHaveLength(1)
})

test('a folder that is cleared away while it is made is made again', async () => {
  const directory = newDirectory()
  const others = () => {
    void store(directory).join(KEY, entry('b'))
    rmSync(join(directory, readdirSync(directory).find((name) => !name.endsWith('.new')) ?? ''), { recursive: true })
  }
  between.push({ after: 'mkdirSync', path: /\.new$/, others })
  const { item } = await store(directory).join(KEY, entry('a'))
  expect(item?.contenders.map(({ id }) => id)).toEqual(['a'])
  expect(await line(directory)).toBe('a1')
})

test('a listing that shows neither name of the pointer is asked for again', async () => {
  const directory = await twoInLine()
  const folder = join(directory, readdirSync(directory)[0] ?? '')
  const pointer = readdirSync(folder).find((name) => name.endsWith('.line')) ?? ''
  const hidden = join(directory, 'hidden')
  const { renameSync } = await vi.importActual<Fs>('node:fs')
  between.push({ before: 'readdirSync', path: /./, others: () => renameSync(join(folder, pointer), hidden) })
  between.push({ after: 'readdirSync', path: /./, others: () => renameSync(hidden, join(folder, pointer)) })
  expect(await line(directory)).toBe('a1 b2')
})

test('a change is refused by the current line only, not by what this process has seen of it last', async () => {
  const directory = newDirectory()
  const [here, elsewhere] = [store(directory), store(directory)]
  await here.join(KEY, entry('a'))
  await elsewhere.join(KEY, entry('b'))
  // As far as this process knows there is no b: only a new look tells.
  expect((await here.sweep(KEY, { ...entry('b'), ticket: 2 }, 7)).done).toBe(true)
  expect(await line(directory)).toBe('a1')
  await elsewhere.leave(KEY, 'a', 1)
  expect((await here.renew(KEY, 'a', 1, 2000)).done).toBe(false)
  expect((await here.renew(KEY, 'a', 1, 2000)).done).toBe(false)
})

test('a file that is none of the line’s is left where it is', async () => {
  const directory = await twoInLine()
  const foreign = join(directory, readdirSync(directory)[0] ?? '', '.nfs0001')
  const { existsSync, writeFileSync } = await vi.importActual<Fs>('node:fs')
  writeFileSync(foreign, '')
  await store(directory).join(KEY, entry('c'))
  expect(existsSync(foreign)).toBe(true)
  expect(await line(directory)).toBe('a1 b2 c3')
})
