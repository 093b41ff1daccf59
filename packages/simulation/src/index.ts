/**
 * Simulated time, machines, network and table, for whoever tests what runs on them.
 *
 * @packageDocumentation
 */
export { Machine } from './machine.js'
export { seeded } from './random.js'
export { World } from './world.js'
