import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/**
 * Its next one.
 *
 * @throws Error where it ends before
 */
export async function messageOf(child: ChildProcess): Promise<unknown> {
  const settled = new AbortController()
  const { signal } = settled
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`A process of this measurement ended with ${code} before it was done`)
  })
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as unknown[]
    return message
  } finally {
    ended.catch(() => undefined)
    settled.abort()
  }
}
