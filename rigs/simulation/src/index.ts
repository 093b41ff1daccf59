/**
 * Simulated time, machines, network and table, for whoever tests what runs on them.
 *
 * @packageDocumentation
 */
export { CachedParser } from './expressions.js'
export { Machine } from './machine.js'
export { Draws } from './random.js'
export { World } from './world.js'
