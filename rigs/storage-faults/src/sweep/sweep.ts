import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrate } from '@sqlite-efs/database/migrations'
import Libsql from 'libsql'
import { type Fault, FaultControl } from '../control.js'
import { preloaded } from '../shim.js'
import { argumentsOf, ENTER, examine, FILE, lineBeside, openBank, SCHEMA } from './bank.js'
import { Trace } from './calls.js'
import type { Case, Result } from './cases.js'
import { fastFolder } from './fast-folder.js'
import { OPERATIONS, type Operation, type Places } from './operations.js'
import { type Expected, verdict } from './verdict.js'
import type { Reply, Request } from './worker.js'
import { Worker } from './worker-process.js'

const SCRIPT = fileURLToPath(new URL('worker.ts', import.meta.url))

/** Runs cases, one after the other, in a process that it starts. */
export class Sweep {
  readonly #root = realpathSync(mkdtempSync(join(fastFolder(), 'storage-sweep-')))
  readonly #library: string
  readonly #control: FaultControl
  readonly #trace = new Trace(join(this.#root, 'trace'))
  /** Where the faults are. */
  #worker: Worker<Request, Reply> | undefined
  /** Another process, which none reaches. */
  readonly #other = new Worker<Request, Reply>(SCRIPT)
  #count = 0

  constructor(library: string) {
    this.#library = library
    mkdirSync(this.#watched)
    this.#control = new FaultControl(this.#controlFile)
  }

  /** Makes what cases begin with. */
  async prepare(): Promise<void> {
    await this.#makeBank(join(this.#images, 'bank'), [])
    await this.#makeBank(join(this.#images, 'source'), ['other', 'source'])
    this.#makeOtherPages()
    await this.#makeMigrated()
    await this.#makeHotJournal()
  }

  async run({ operation: name, warm, fault }: Case): Promise<Result> {
    const operation = OPERATIONS[name]!
    const folder = join(this.#watched, String(++this.#count))
    const isLineBeside = operation.line === 'beside'
    const line = isLineBeside ? lineBeside(join(folder, FILE)) : join(this.#root, 'lines', String(this.#count))
    const places: Places = {
      folder,
      path: join(folder, FILE),
      source: join(folder, 'source.db'),
      migrations: this.#migrations,
    }
    this.#lay(operation, folder)
    if (!this.#worker || this.#worker.isGone) this.#worker = this.#start()
    const worker = this.#worker
    const wrong: string[] = []
    const ask = async (request: Request) => {
      const reply = (await worker.ask(request)) ?? { outcomes: [], wrong: ['the process died, or did not answer'] }
      wrong.push(...reply.wrong.map((it) => `${request.do}: ${it}`))
      return reply
    }
    const expected: Expected = { certain: [], possible: [] }
    await ask({ do: 'open', path: places.path, line, warm })
    if (warm) {
      await this.#other.ask({ do: 'open', path: places.path, line, warm: false })
      await this.#other.ask({ do: 'write', unit: 'before' })
      expected.certain.push('warm', 'before')
    }
    const reached = isLineBeside ? { ...fault, match: '-lease' } : fault
    const answer = await ask({ do: 'run', operation: name, places, fault: reached })
    const traced = this.#trace.take(folder)
    const problems = verdict(name, answer, expected)
    wrong.push(...problems)
    wrong.push(...(operation.check?.(places, answer) ?? []))
    if (name === 'creation') await this.#createAgain(ask, answer.outcomes[0]?.is === 'done', places)
    const shown = await ask({ do: 'read' })
    if (shown.seen) wrong.push(...expectedUnits(expected, shown.seen, 'the next read'))
    if ((await ask({ do: 'write', unit: 'after' })).wrong.length === 0) expected.certain.push('after')
    if (!warm) await this.#other.ask({ do: 'open', path: places.path, line, warm: false })
    const another = await this.#other.ask({ do: 'write', unit: 'another' })
    if (another?.wrong.length === 0) expected.certain.push('another')
    else wrong.push(`another process: ${another?.wrong.join()}`)
    await this.#other.ask({ do: 'close' })
    const last = await ask({ do: 'read' })
    if (last.seen) wrong.push(...expectedUnits(expected, last.seen, 'the last read'))
    await ask({ do: 'close' })
    const { units, problems: inFile } = examine(places.path)
    wrong.push(...inFile.map((it) => `the file: ${it}`), ...expectedUnits(expected, units, 'the file'))
    rmSync(folder, { recursive: true, force: true })
    const told = answer.outcomes.map(({ unit, is, error }) => `${unit} ${error ?? is}`).join(' | ')
    const { calls = 0, callsOf = {}, fired = 0 } = answer.faults ?? {}
    const where = answer.faults?.where.replace(folder, '') ?? ''
    const isDone = answer.outcomes.every(({ is }) => is === 'done')
    return { operation: name, warm, fault, calls, callsOf, traced, fired, where, isDone, told, units, wrong }
  }

  async end(): Promise<void> {
    await this.#worker?.end()
    await this.#other.end()
    this.#control.close()
    rmSync(this.#root, { recursive: true, force: true })
  }

  /** What was not created before is created now. */
  async #createAgain(ask: (request: Request) => Promise<unknown>, isDone: boolean, places: Places) {
    if (isDone || (existsSync(places.path) && examine(places.path).tables.includes('Account'))) return
    await ask({ do: 'run', operation: 'creation', places, fault: { kinds: [], times: 0 } })
  }

  #lay({ image = 'bank' }: Operation, folder: string): void {
    if (image === 'none') mkdirSync(folder)
    else
      cpSync(join(this.#images, image === 'hot' || image === 'migrated' ? image : 'bank'), folder, { recursive: true })
    if (image === 'bank and source') cpSync(join(this.#images, 'source', FILE), join(folder, 'source.db'))
    if (image === 'bank and other pages') cpSync(join(this.#images, 'other-pages.db'), join(folder, 'source.db'))
  }

  async #makeBank(folder: string, units: string[]): Promise<void> {
    mkdirSync(folder, { recursive: true })
    const path = join(folder, FILE)
    const line = join(this.#root, 'lines', 'images')
    const database = openBank(path, line)
    await database.script(SCHEMA)
    for (const unit of units) await database.execute(ENTER, argumentsOf(unit))
    await database.close()
  }

  /** A database with the first of three migrations. */
  async #makeMigrated(): Promise<void> {
    const write = (name: string, sql: string) => {
      mkdirSync(join(this.#migrations, name), { recursive: true })
      writeFileSync(join(this.#migrations, name, 'migration.sql'), sql)
    }
    write('m0', SCHEMA)
    writeFileSync(join(this.#migrations, 'migration_lock.toml'), 'provider = "sqlite"\n')
    const folder = join(this.#images, 'migrated')
    mkdirSync(folder)
    const database = openBank(join(folder, FILE), join(this.#root, 'lines', 'migrated'))
    await migrate(database, this.#migrations)
    await database.close()
    for (const id of [1, 2]) {
      write(
        `m${id}`,
        `CREATE TABLE Migrated${id} AS SELECT memo FROM Account; INSERT INTO Entry VALUES ('m${id}', ${id}, 2);`,
      )
    }
  }

  /** The source with pages of another size, which a restore has to convert. */
  #makeOtherPages(): void {
    const libsql = new Libsql(join(this.#images, 'source', FILE))
    libsql.exec(`PRAGMA page_size=8192; VACUUM INTO '${join(this.#images, 'other-pages.db')}'`)
    libsql.close()
  }

  /** A writer is killed in the middle of its COMMIT, with a part of its pages in the file. */
  async #makeHotJournal(): Promise<void> {
    const folder = join(this.#watched, 'hot')
    cpSync(join(this.#images, 'bank'), folder, { recursive: true })
    const places: Places = { folder, path: join(folder, FILE), source: '', migrations: '' }
    const worker = this.#start()
    await worker.ask({ do: 'open', path: places.path, line: join(this.#root, 'lines', 'hot'), warm: false })
    const fault: Fault = { kinds: ['write'], match: `${FILE}$`, skip: 5, action: 'kill' }
    if (await worker.ask({ do: 'run', operation: 'write', places, fault })) throw new Error('The writer was not killed')
    await worker.end()
    cpSync(folder, join(this.#images, 'hot'), { recursive: true })
    rmSync(folder, { recursive: true })
  }

  #start(): Worker<Request, Reply> {
    this.#control.disarm()
    mkdirSync(this.#temporary, { recursive: true })
    const environment = preloaded({
      library: this.#library,
      folder: this.#watched,
      control: this.#controlFile,
      trace: this.#trace.path,
    })
    return new Worker(SCRIPT, { ...environment, SQLITE_TMPDIR: this.#temporary })
  }

  get #watched(): string {
    return join(this.#root, 'watched')
  }

  /** Where SQLite makes temporary files: the faults reach them, too. */
  get #temporary(): string {
    return join(this.#watched, 'temporary')
  }

  get #images(): string {
    return join(this.#root, 'images')
  }

  get #migrations(): string {
    return join(this.#root, 'migrations')
  }

  get #controlFile(): string {
    return join(this.#root, 'control')
  }
}

function expectedUnits({ certain, possible }: Expected, found: readonly string[], where: string): string[] {
  const missing = certain.filter((unit) => !found.includes(unit))
  const extra = found.filter((unit) => !certain.includes(unit) && !possible.includes(unit))
  return [
    ...missing.map((unit) => `${where} lacks ${unit}, which was acknowledged`),
    ...extra.map((unit) => `${where} has ${unit}, which was not to be written`),
  ]
}
