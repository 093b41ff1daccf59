/**
 * What the tests and the demo share.
 *
 * @packageDocumentation
 */
export { type LocalDynamoDB, startDynamoDB } from './dynamodb.js'
export { PolicedDynamoDB, type PolicedRequest, type Policy } from './policed-dynamodb.js'
