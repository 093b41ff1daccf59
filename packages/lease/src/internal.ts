/**
 * For this project's own packages and rigs. Anything here may change or go in any version: use the main entry point.
 *
 * @packageDocumentation
 */
export { chooseLine, type LineOptions, missingTable } from './choose-line.js'
export type { QueuedAcquireOptions } from './contract/lease.js'
export { didYouMean } from './contract/nearest.js'
export {
  type NumberLimits,
  OptionChecker,
  type OptionError,
  type WrongOptionExtras,
} from './contract/option-checker.js'
export { checkOptions, checkTableArn, checkTableName } from './contract/options.js'
export { createClient } from './dynamodb/client.js'
export { DynamoDBLineStore, type ItemRequests } from './dynamodb/line-store.js'
export { type Attribute, parseItem } from './line/line-item.js'
export { LineLeaser } from './line/line-leaser.js'
export { type LineAnswer, type LineStore, StoreFailure } from './line/line-store.js'
export { Moment, sleep, systemClock } from './time/clock.js'
