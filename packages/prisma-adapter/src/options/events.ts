import type { DatabaseEvent } from '@sqlite-efs/database'
import type { LeaseEvent } from '@sqlite-efs/lease'

/**
 * What `onEvent` hears of, told apart by `type`: what happens to the lease (`LeaseEvent`) and to the file
 * (`DatabaseEvent`). Times are milliseconds. No SQL, no parameter and no message that might quote one is ever in it.
 */
export type SqliteEfsEvent = LeaseEvent | DatabaseEvent
