import type { DatabaseError } from '@sqlite-efs/database'
import type { FileConnection, StatementKind } from '@sqlite-efs/database/internal'
import type { Actor, CommitFate } from './actor.js'
import { type Commit, type SimulatedFile, sqliteError, type Transaction } from './file.js'

const IOERR = 10
const BUSY = 5

/** The statement that the simulated work consists of; `?` or the row itself. */
export const INSERT = 'INSERT INTO ledger VALUES (?)'

/** A COMMIT that is about to begin. */
interface PreparedCommit {
  commit: Commit
  ms: number
  fate: CommitFate
}

/** What the real writer takes for a connection: one file that all share, and no SQLite. */
export class SimulatedConnection implements FileConnection {
  readonly #file: SimulatedFile
  readonly #process: Actor
  #transaction: Transaction | undefined
  #changes = 0
  /** A COMMIT is under way: its process ran ahead, and may have closed the connection already. */
  #committing = false
  #isClosed = false
  #isBroken = false

  constructor(file: SimulatedFile, process: Actor) {
    this.#file = file
    this.#process = process
    process.connections.add(this)
  }

  get inTransaction(): boolean {
    return this.#transaction !== undefined
  }

  get isMoved(): boolean {
    return false
  }

  get doubt(): DatabaseError | undefined {
    return this.#isBroken ? sqliteError(this.#file.path, IOERR, 'disk I/O error') : undefined
  }

  exec(sql: string): void {
    this.#mustWork()
    if (sql === 'BEGIN IMMEDIATE') this.#begin()
    else if (sql === 'COMMIT') this.#commit()
    else if (sql === 'ROLLBACK') this.#end()
    else if (sql.startsWith('PRAGMA application_id=')) this.#storeFence(sql)
    else throw new Error(`A simulated file knows nothing of ${sql}`)
  }

  /** Beside the event loop, which goes on. */
  async execInBackground(sql: string): Promise<void> {
    this.#mustWork()
    if (sql === 'COMMIT') return this.#commitInBackground()
    await this.#process.pause(this.#process.statementMs())
    this.#mustWork()
    this.run(sql)
  }

  run(sql: string, args: readonly unknown[] = []): ReturnType<FileConnection['run']> {
    this.#mustWork()
    const row = args[0] ?? /'(.*)'/.exec(sql)?.[1]
    if (!this.#transaction || !sql.startsWith('INSERT')) throw new Error(`A simulated file can't do ${sql} now`)
    this.#file.observer.wrote(this.#process, this.#transaction)
    this.#transaction.rows.push(String(row))
    this.#changes++
    this.#process.machine.block(this.#process.blockingMs())
    return { columns: [], rows: [], changes: 1 }
  }

  value(sql: string): ReturnType<FileConnection['value']> {
    this.#mustWork()
    const { mark, userVersion } = this.#transaction ?? this.#file
    if (sql === 'PRAGMA application_id') return BigInt(mark)
    if (sql === 'PRAGMA user_version') return BigInt(userVersion)
    throw new Error(`A simulated file knows nothing of ${sql}`)
  }

  mustNotAskConnection(): void {
    // No simulated schema does.
  }

  mustBeWritable(): void {
    // Every simulated file is.
  }

  changeCounter(): bigint {
    return BigInt(this.#file.version)
  }

  totalChanges(): number {
    return this.#changes
  }

  kindOf(): StatementKind {
    return 'write'
  }

  hasDeferredKeys(): boolean {
    return false
  }

  noticeSchema(): void {
    // It never changes here.
  }

  forgetStatements(): void {
    // None is kept.
  }

  close(): void {
    this.#isClosed = true
    this.#end()
  }

  /** The file server gave its locks to others; every further use fails. */
  loseLocks(): void {
    this.#file.release(this)
    this.#isBroken = true
  }

  #mustWork(): void {
    if (this.#isBroken) throw sqliteError(this.#file.path, IOERR, 'disk I/O error')
  }

  #begin(): void {
    // A process that ran ahead meets the file as it is now, not as it will be: it has to come again.
    if (this.#process.machine.isBlocked) throw sqliteError(this.#file.path, BUSY, 'database is locked')
    this.#transaction = this.#file.begin(this)
    this.#process.note('BEGIN')
    this.#file.observer.began(this.#process, this.#transaction)
  }

  #storeFence(sql: string): void {
    const [, mark, userVersion] = /^PRAGMA application_id=(\d+); PRAGMA user_version=(\d+)$/.exec(sql) ?? []
    if (!this.#transaction || mark === undefined || userVersion === undefined) throw new Error(`No place for ${sql}`)
    this.#transaction.mark = Number(mark)
    this.#transaction.userVersion = Number(userVersion)
  }

  #end(): void {
    if (this.#transaction) this.#process.note('ROLLBACK')
    this.#transaction = undefined
    if (!this.#committing) this.#letGo()
  }

  #letGo(): void {
    this.#file.release(this)
    if (this.#isClosed) this.#process.connections.delete(this)
  }

  /** The thread is blocked until it is done. */
  #commit(): void {
    const prepared = this.#prepareCommit()
    const { ms } = prepared
    const { machine } = this.#process
    const { world } = machine
    const startMs = machine.localMs
    const start = () => machine.isAlive && this.#start(prepared)
    if (machine.isBlocked) world.at(startMs, start)
    else start()
    machine.block(ms)
    world.at(startMs + ms, () => this.#finish(prepared))
    this.#tellOf(prepared)
  }

  async #commitInBackground(): Promise<void> {
    const prepared = this.#prepareCommit()
    const { ms } = prepared
    const { machine } = this.#process
    if (machine.isBlocked) await this.#process.freed()
    this.#start(prepared)
    machine.postponeFreezes(ms)
    machine.world.after(ms, () => this.#finish(prepared))
    await this.#process.pause(ms)
    this.#tellOf(prepared)
  }

  #prepareCommit(): PreparedCommit {
    const transaction = this.#transaction
    if (!transaction) throw new Error('COMMIT without a transaction')
    this.#file.mustBeFree(this)
    const { token, machine } = this.#process
    if (!transaction.isToBeCommitted) {
      transaction.isToBeCommitted = true
      this.#file.readByStrangerUntilMs = machine.localMs + this.#process.readByStrangerMs()
    }
    this.#file.mustBeUnread(machine.localMs)
    this.#transaction = undefined
    this.#committing = true
    const commit = { process: this.#process, token, transaction }
    return { commit, ms: this.#process.commitMs(), fate: this.#process.commitFate() }
  }

  #start({ commit, ms }: PreparedCommit): void {
    this.#process.note(`COMMIT begins, under ticket ${commit.token}, for ${Math.round(ms)} ms`)
    this.#file.start(commit)
  }

  #finish({ commit, fate }: PreparedCommit): void {
    this.#committing = false
    if (!this.#process.machine.isAlive) return
    this.#process.note(`COMMIT ${fate}: ${commit.transaction.rows.join(' ')}`)
    if (fate === 'failed') this.#file.fail(commit)
    else this.#file.end(commit)
    this.#letGo()
  }

  #tellOf({ fate }: PreparedCommit): void {
    if (fate !== 'done') throw sqliteError(this.#file.path, IOERR, 'disk I/O error')
  }
}
