import { chown, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '@sqlite-efs/database'
import { DynamoDBLeaser } from '@sqlite-efs/lease'
import { toEnvironment, type WorkerConfig } from '@sqlite-efs/torture'
import Libsql from 'libsql'
import { Actor } from './actor.js'
import type { SubjectOptions } from './guest/subject.js'
import type { Guest, GuestProcess } from './guest.js'
import type { Programs } from './programs.js'
import { EXPORT, MOUNT } from './rig.js'
import { SCHEMA } from './world.js'

export const TABLE = 'locks'

const IN_LINE_WITHIN_MS = 30_000

/** Any but root's. */
const UNPRIVILEGED = 1000
/** It may still read the programs, wherever they are. */
const AS_UNPRIVILEGED = `setpriv --reuid ${UNPRIVILEGED} --regid ${UNPRIVILEGED} --clear-groups --inh-caps +dac_read_search --ambient-caps +dac_read_search`

/** A folder of its own on the server for each round: nothing is ever deleted behind the guests' backs. */
export interface Place {
  name: string
  /** The database as the host sees it, past NFS. */
  onServer: string
  /** The same in the guests. */
  inGuests: string
}

/** How an actor is started. */
export interface Cast extends Partial<Omit<SubjectOptions, 'path'>> {
  owner: string
  /** Runs as nobody in particular, as on Lambda: for root SQLite sets a journal's owner each time that it opens it. */
  isUnprivileged?: boolean
  /** `<end of the file's name>:<number of the write>:<signal>`, as die-at-write.c wants it. */
  dieAt?: string
}

/** What scenarios are played on: the hosts, and places for databases. */
export class Stage {
  readonly guests: readonly Guest[]
  readonly #programs: Programs
  readonly #env: Readonly<Record<string, string>>
  readonly minutes: number
  #places = 0

  /**
   * @param env with it a DynamoDB client finds the table, here and in the guests
   * @param minutes how long what is to last is played
   */
  constructor(guests: readonly Guest[], programs: Programs, env: Readonly<Record<string, string>>, minutes: number) {
    this.minutes = minutes
    this.guests = guests
    this.#programs = programs
    this.#env = env
  }

  /** One of the hosts, by its number from 1. */
  guest(number: 1 | 2 | 3): Guest {
    return this.guests[number - 1]!
  }

  /** A new folder, with no database in it. */
  async emptyPlace(): Promise<Place> {
    const name = `${process.pid}-${++this.#places}`
    await mkdir(join(EXPORT, name))
    return { name, onServer: join(EXPORT, name, 'world.db'), inGuests: join(MOUNT, name, 'world.db') }
  }

  /** A new folder, with a database that this project's packages made on the server. */
  async place(): Promise<Place> {
    const place = await this.emptyPlace()
    const leaser = new DynamoDBLeaser({ tableName: TABLE })
    const database = openDatabase({ path: place.onServer, leaser, leaseKey: place.name })
    await database.script(SCHEMA)
    await database.close()
    return place
  }

  /** Gives a place to who is {@link Cast.isUnprivileged}. */
  async giveAway({ onServer }: Place): Promise<void> {
    const folder = dirname(onServer)
    const files = (await readdir(folder)).map((name) => join(folder, name))
    await Promise.all([folder, ...files].map((file) => chown(file, UNPRIVILEGED, UNPRIVILEGED)))
  }

  /** A new folder, with a database that knows nothing of this project; in PERSIST mode its journal stays, with zeros at its head. */
  async rawPlace(journalMode: 'DELETE' | 'PERSIST' = 'DELETE'): Promise<Place> {
    const place = await this.emptyPlace()
    const libsql = new Libsql(`file:${place.onServer}?vfs=unix`)
    libsql.exec(`PRAGMA journal_mode=${journalMode}`)
    libsql.exec(SCHEMA)
    libsql.close()
    return place
  }

  /** Resolves when at least so many hold or wait for the lease of a place. */
  async untilInLine(place: Place, contenders: number): Promise<void> {
    const leaser = new DynamoDBLeaser({ tableName: TABLE })
    const deadline = performance.now() + IN_LINE_WITHIN_MS
    while ((await leaser.inspect(place.name)).contenders.length < contenders) {
      if (performance.now() > deadline) throw new Error(`${contenders} were not in line within ${IN_LINE_WITHIN_MS} ms`)
      await sleep(20)
    }
  }

  /** Starts a process on a host that has the file at `place` for its own. */
  actor(guest: Guest, place: Place, { dieAt, isUnprivileged, kind = 'ours', ...cast }: Cast): Promise<Actor> {
    const options = { kind, path: place.inGuests, leaseKey: place.name, tableName: TABLE, ...cast }
    const environment = this.#environment(dieAt)
    const context = isUnprivileged ? `${environment} ${AS_UNPRIVILEGED}` : environment
    return Actor.start(guest, this.#programs.actor, options, context)
  }

  /** Starts a worker of rigs/torture on a host, which waits for its orders. */
  worker(
    guest: Guest,
    place: Place,
    config: Omit<WorkerConfig, 'file' | 'leaseKey' | 'log'>,
    dieAt?: string,
  ): GuestProcess {
    const whole: WorkerConfig = { ...config, file: place.inGuests, leaseKey: place.name, log: '-' }
    const told = Object.entries(toEnvironment(whole)).map(([name, value]) => `${name}='${value}'`)
    return guest.start(`exec env ${this.#environment(dieAt)} ${told.join(' ')} node ${this.#programs.worker}`)
  }

  #environment(dieAt: string | undefined): string {
    const preload = dieAt ? { DIE_AT: dieAt, LD_PRELOAD: this.#programs.dieAtWrite } : {}
    return Object.entries({ ...this.#env, ...preload })
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')
  }
}
