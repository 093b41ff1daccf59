/**
 * AWS Lambda on this machine.
 *
 * @packageDocumentation
 */
export { lambdaNode } from './lambda-node.js'
