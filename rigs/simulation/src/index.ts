/**
 * Simulated time, machines, network and table, for whoever tests what runs on them.
 *
 * @packageDocumentation
 */
export { CachedParser } from './world/expressions.js'
export { Machine } from './world/machine.js'
export { Draws } from './world/random.js'
export { World } from './world/world.js'
