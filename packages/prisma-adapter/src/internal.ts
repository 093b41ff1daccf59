/**
 * For this project's own packages and rigs. Anything here may change or go in any version: use the main entry point.
 *
 * @packageDocumentation
 */
export { SqliteEfsAdapter } from './adapter.js'
