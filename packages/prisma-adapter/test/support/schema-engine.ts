import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import * as schemaEngine from '@prisma/schema-engine-wasm/schema_engine_bg'

/** Node has it, but the types for Node 20 do not. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, () => void> } }>
}

let loaded: Promise<void> | undefined

/** The build for bundlers, without a bundler. */
async function load(): Promise<void> {
  const bindings = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const module = await readFile(bindings.replace(/\.js$/, '.wasm'))
  const { instance } = await WebAssembly.instantiate(module, { './schema_engine_bg.js': { ...schemaEngine } })
  schemaEngine.__wbg_set_wasm(instance.exports)
  instance.exports['__wbindgen_start']?.()
}

const HEADER = 'datasource db {\n  provider = "sqlite"\n}\n\n'
const NO_FILTERS = { externalTables: [], externalEnums: [] }

/** Prisma's own schema engine on an adapter: what `prisma migrate` and `prisma db push` do. */
export class SchemaEngine {
  readonly #engine: schemaEngine.SchemaEngine

  private constructor(engine: schemaEngine.SchemaEngine) {
    this.#engine = engine
  }

  static async on(factory: SqlMigrationAwareDriverAdapterFactory): Promise<SchemaEngine> {
    loaded ??= load()
    await loaded
    const bound = bindMigrationAwareSqlAdapterFactory(factory)
    return new SchemaEngine(
      await schemaEngine.SchemaEngine.new({ datamodels: [['schema.prisma', HEADER]] }, () => undefined, bound),
    )
  }

  /** `prisma db push` */
  push(models: string, force = false): Promise<schemaEngine.SchemaPushOutput> {
    return this.#engine.schemaPush({ force, schema: schemaOf(models), filters: NO_FILTERS })
  }

  /** `prisma migrate deploy` */
  async apply(migrations: Migrations): Promise<string[]> {
    const migrationsList = listOf(migrations)
    return (await this.#engine.applyMigrations({ migrationsList, filters: NO_FILTERS })).appliedMigrationNames
  }

  /** `prisma migrate diff --from-migrations --to-schema --script` */
  async diff(migrations: Migrations, models: string): Promise<string> {
    const { stdout } = await this.#engine.diff({
      from: { tag: 'migrations', ...listOf(migrations) },
      to: { tag: 'schemaDatamodel', ...schemaOf(models) },
      script: true,
      exitCode: null,
      filters: NO_FILTERS,
    })
    return stdout ?? ''
  }

  /** `prisma migrate status`, with the shadow database */
  diagnose(migrations: Migrations): Promise<schemaEngine.DiagnoseMigrationHistoryOutput> {
    const migrationsList = listOf(migrations)
    return this.#engine.diagnoseMigrationHistory({
      migrationsList,
      optInToShadowDatabase: true,
      filters: NO_FILTERS,
    })
  }

  /** `prisma migrate dev --create-only`: the SQL of the new migration. */
  async create(migrations: Migrations, models: string): Promise<string> {
    const { migrationScript } = await this.#engine.createMigration({
      draft: false,
      migrationName: 'next',
      migrationsList: listOf(migrations),
      schema: schemaOf(models),
      filters: NO_FILTERS,
    })
    return migrationScript ?? ''
  }

  /** `prisma migrate resolve --applied` */
  async markApplied(migrations: Migrations, migrationName: string): Promise<void> {
    await this.#engine.markMigrationApplied({ migrationsList: listOf(migrations), migrationName })
  }

  /** `prisma migrate resolve --rolled-back` */
  async markRolledBack(migrationName: string): Promise<void> {
    await this.#engine.markMigrationRolledBack({ migrationName })
  }

  /** `prisma migrate reset` */
  async reset(): Promise<void> {
    await this.#engine.reset({ filter: NO_FILTERS })
  }

  /** `prisma db execute` */
  async execute(script: string): Promise<void> {
    const config = { files: [{ path: 'schema.prisma', content: HEADER }], configDir: '/' }
    await this.#engine.dbExecute({ datasourceType: { tag: 'schema', ...config }, script })
  }

  /** `prisma db pull` */
  async pull(): Promise<string> {
    const { schema } = await this.#engine.introspect({
      schema: schemaOf(''),
      baseDirectoryPath: '/',
      force: true,
      compositeTypeDepth: 0,
      namespaces: null,
    })
    return schema.files.map(({ content }) => content).join('\n')
  }
}

/** By name, in their order. */
export type Migrations = Readonly<Record<string, string>>

const schemaOf = (models: string) => ({ files: [{ path: 'schema.prisma', content: HEADER + models }] })

const listOf = (migrations: Migrations): schemaEngine.MigrationList => ({
  baseDir: '/migrations',
  lockfile: { path: 'migration_lock.toml', content: 'provider = "sqlite"' },
  shadowDbInitScript: '',
  migrationDirectories: Object.entries(migrations).map(([path, value]) => ({
    path,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } },
  })),
})
