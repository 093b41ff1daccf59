/**
 * What the tests and the demo share.
 *
 * @packageDocumentation
 */
export { type LocalDynamoDB, startDynamoDB } from './dynamodb.js'
