import { performance } from 'node:perf_hooks'
import { clearTimeout, setImmediate, setTimeout } from 'node:timers'
import { runInNewContext } from 'node:vm'

// Test runners replace the global timers and `Date` (fake timers), and so does jsdom, whose timers have no `unref`. A
// lease counts on the time that other processes have too: so this package takes it where neither reaches.

/** A timer of Node's own, whatever a test has put in the place of the global one. */
export { clearTimeout, setImmediate, setTimeout }

/** Node's own `Date.now`; from a separate realm if a test has replaced the global one before this module was loaded. */
export const wallNow: () => number = isNative(Date.now) ? Date.now : (runInNewContext('Date.now') as () => number)

/** Node's own `performance.now`. */
export const monotonicNow: () => number = performance.now.bind(performance)

function isNative(method: () => number): boolean {
  return Function.prototype.toString.call(method).includes('[native code]')
}
