/**
 * For this project's own packages and rigs. Anything here may change or go in any version: use the main entry point.
 *
 * @packageDocumentation
 */
export { temporaryFolder } from './contents/copy/space.js'
export { Listeners } from './contract/events.js'
export { noTracer } from './contract/tracing.js'
export type { StatementKind } from './contract/values.js'
export type { FileConnection } from './engine/connection.js'
export { type EngineVersions, engineVersions } from './engine/engine-versions.js'
export { EventLoop } from './engine/event-loop.js'
export type { LockWait } from './engine/retry-while-busy.js'
export { canonicalPath } from './file/data-file.js'
export { serialDistance } from './file/fence.js'
export { FreezeDetector } from './file/freeze-detector.js'
export { leaseDirectoryOf, leaseKeyOf, VFS_FOR_TESTS } from './file/options.js'
export { InvocationScope } from './process/invocation-scope.js'
export { Invocations } from './process/invocations.js'
export { checkDatabaseOptions } from './process/open-database.js'
export { WriteScheduler } from './process/write-scheduler.js'
export { LastingReaders } from './read/lasting-readers.js'
export { KindCache } from './sql/kind-cache.js'
export { runScript } from './transaction/script.js'
export { LeaseKeeper } from './write/lease-keeper.js'
export { WriterConnection } from './write/writer-connection.js'
