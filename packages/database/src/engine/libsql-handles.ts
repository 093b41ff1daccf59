import { nextTick } from './event-loop.js'

/** With more closed connections than this whose files are open still, they are not left to chance any longer. */
const MAX_LEFT_OPEN = 64
/** Maximum memory of statements that are not kept any more, before a collection is asked for. */
const MAX_LEFT_BYTES = 64 * 2 ** 20
const MAX_TRIES = 10

let leftOpen = 0
let leftBytes = 0
let collecting: Promise<void> | undefined
let collectGarbage: (() => void) | undefined

/**
 * A connection on which something was prepared has been closed. libsql closes its files only when the last of its
 * statements is garbage collected, and has no other way to end one (https://github.com/tursodatabase/libsql-js/issues/228).
 */
export function countLeftOpen(): void {
  if (++leftOpen >= MAX_LEFT_OPEN) collecting ??= collect()
}

/**
 * A prepared statement is not kept any more. libsql frees it when it is collected as garbage; V8 does not know what it takes in SQLite, and
 * would let a gigabyte of them pile up before it collects.
 */
export function countLeftStatement(bytes: number): void {
  leftBytes += bytes
  if (leftBytes >= MAX_LEFT_BYTES) collecting ??= collect()
}

/**
 * Has the files closed that closed connections left open, by a garbage collection: some tens of milliseconds,
 * more for a large heap. So it is done when a file's last user leaves, and else only before descriptors pile up.
 */
export async function closeLeftOpen(): Promise<void> {
  // One that is under way may have come too early for the caller's.
  await collecting
  if (leftOpen > 0) await (collecting ??= collect())
}

async function collect(): Promise<void> {
  collectGarbage ??= await findGarbageCollector()
  // In a turn of its own: nothing on the stack may refer to a statement.
  await nextTick()
  leftOpen = 0
  leftBytes = 0
  collectGarbage?.()
  // Node runs the finalizers of native objects in a turn of their own.
  await nextTick()
  collecting = undefined
}

/**
 * V8 hands it out only in a context that is made while it is exposed, under its usual name. Undefined where it can't be had:
 * the files are closed by the next collection that comes of itself then.
 */
async function findGarbageCollector(): Promise<(() => void) | undefined> {
  // Loaded here, for most processes never come to it: Node's own start has not loaded them, and a cold start waits for that.
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import('node:v8'), import('node:vm')])
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    setFlagsFromString('--expose-gc')
    const found: unknown = runInNewContext('typeof gc === "function" ? gc : undefined')
    setFlagsFromString('--no-expose-gc')
    if (found) return found as () => void
    // The flag is the process's: another thread that was here too has taken it back.
  }
  return undefined
}
