import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, DatabaseError } from '@sqlite-efs/database'
import { restore, snapshot, vacuum } from '@sqlite-efs/database/maintenance'
import { migrate } from '@sqlite-efs/database/migrations'
import { LeaseError } from '@sqlite-efs/lease'
import { argumentsOf, ENTER, examine, SCHEMA, STATE, unitsOf } from './bank.js'

/** How one unit of an operation ended for its caller. */
export interface Outcome {
  unit: string
  /** `undone`: it failed, and not with the error that leaves its outcome open. */
  is: 'done' | 'undone' | 'unknown'
  error?: string
}

/** What a caller was answered by an operation. */
export interface Answer {
  outcomes: Outcome[]
  /** Anything that contradicts itself. */
  wrong: string[]
  /** Units that a read showed. */
  seen?: string[]
}

/** Where an operation finds what it needs. */
export interface Places {
  folder: string
  path: string
  source: string
  migrations: string
}

export interface Operation {
  /** What the folder holds before. @default 'bank' */
  image?: 'bank' | 'hot' | 'none' | 'migrated' | 'bank and source' | 'bank and other pages'
  /** `beside`: the line is in the folder `<database>-lease`, and the faults reach nothing else. @default out of their reach */
  line?: 'beside'
  run(database: Database, places: Places): Promise<Answer>
  /** Looks at what it left beside the database, when the faults are over. */
  check?(places: Places, answer: Answer): string[]
}

/** What an error says about what was written. */
export function outcomeOf(unit: string, error: unknown): Outcome {
  const text = `${(error as Error).name} ${(error as { code?: string }).code}: ${(error as Error).message}`
  const isTyped = error instanceof DatabaseError || error instanceof LeaseError
  if (!isTyped) return { unit, is: 'unknown', error: `UNTYPED ${text}` }
  const { code, message } = error
  if (code === 'COMMIT_UNKNOWN') return { unit, is: 'unknown', error: text }
  return { unit, is: message.includes('It was restored, and is committed') ? 'done' : 'undone', error: text }
}

const outcome = (unit: string, attempt: Promise<unknown>): Promise<Outcome> =>
  attempt.then(
    () => ({ unit, is: 'done' }),
    (error: unknown) => outcomeOf(unit, error),
  )

const units = async (...attempts: Promise<Outcome>[]): Promise<Answer> => ({
  outcomes: await Promise.all(attempts),
  wrong: [],
})

async function read(execute: (sql: string) => Promise<{ rows: readonly (readonly never[])[] }>): Promise<Answer> {
  try {
    const { units: seen, wrong } = unitsOf((await execute(STATE)).rows)
    return { outcomes: [], wrong: wrong ? [`read ${wrong}`] : [], seen }
  } catch (error) {
    return { outcomes: [outcomeOf('read', error)], wrong: [] }
  }
}

const enter = (database: Database, unit: string) => outcome(unit, database.execute(ENTER, argumentsOf(unit)))

async function transaction(database: Database, unit: string, mode: 'immediate' | 'deferred'): Promise<Answer> {
  let answer: Answer = { outcomes: [], wrong: [] }
  const attempt = async () => {
    const tx = await database.transaction({ mode })
    try {
      const { units: seen, wrong } = unitsOf((await tx.execute(STATE)).rows)
      answer = { outcomes: [], wrong: wrong ? [`read ${wrong}`] : [], seen }
      await tx.execute(ENTER, argumentsOf(unit))
      await tx.commit()
    } catch (error) {
      await tx.rollback()
      throw error
    }
  }
  const outcomes = [await outcome(unit, attempt())]
  return { ...answer, outcomes }
}

const copyIn = ({ folder }: Places) => join(folder, 'copy.db')

/** What the product does with a file. */
export const OPERATIONS: Record<string, Operation> = {
  read: { run: (database) => read((sql) => database.execute(sql) as never) },
  write: { run: (database) => units(enter(database, 'w')) },
  'write in a local line': { line: 'beside', run: (database) => units(enter(database, 'w')) },
  'transaction in a local line': { line: 'beside', run: (database) => transaction(database, 't', 'immediate') },
  'group commit': { run: (database) => units(...['g1', 'g2', 'g3'].map((unit) => enter(database, unit))) },
  transaction: { run: (database) => transaction(database, 't', 'immediate') },
  'deferred transaction': { run: (database) => transaction(database, 'd', 'deferred') },
  'deferred read': {
    run: async (database) => {
      try {
        const tx = await database.transaction({ mode: 'deferred' })
        try {
          return await read((sql) => tx.execute(sql) as never)
        } finally {
          await tx.rollback()
        }
      } catch (error) {
        return { outcomes: [outcomeOf('read', error)], wrong: [] }
      }
    },
  },
  script: {
    run: (database) =>
      units(
        outcome(
          's',
          database.script(
            `CREATE TABLE Made (x); INSERT INTO Made SELECT memo FROM Account; INSERT INTO Entry VALUES ('s', 1, 2)`,
          ),
        ),
      ),
  },
  migration: {
    image: 'migrated',
    run: async (database, { migrations }) => {
      const applied: string[] = []
      const onProgress = ({ type, name }: { type: string; name: string }) =>
        void (type === 'applied' && applied.push(name))
      const all = await outcome('m', migrate(database, migrations, { onProgress }))
      const outcomes = ['m1', 'm2'].map(
        (unit): Outcome => (applied.includes(unit) ? { unit, is: 'done' } : { ...all, unit }),
      )
      return { outcomes, wrong: [] }
    },
  },
  recovery: { image: 'hot', run: (database) => read((sql) => database.execute(sql) as never) },
  'recovery by a write': { image: 'hot', run: (database) => units(enter(database, 'r')) },
  creation: { image: 'none', run: (database) => units(outcome('created', database.script(SCHEMA))) },
  restore: {
    image: 'bank and source',
    run: (database, { source }) => units(outcome('restored', restore(database, source))),
  },
  'restore of other pages': {
    image: 'bank and other pages',
    run: (database, { source }) => units(outcome('restored', restore(database, source))),
  },
  snapshot: {
    run: (database, places) => units(outcome('copied', snapshot(database, copyIn(places)))),
    check: (places, { outcomes: [made] }) => {
      const to = copyIn(places)
      if (made?.is === 'done') return examine(to).problems.map((problem) => `copy: ${problem}`)
      return existsSync(to) ? ['a file was left where the copy was to be'] : []
    },
  },
  vacuum: {
    run: (database) => units(outcome('vacuumed', vacuum(database))),
  },
}
