import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { quantile } from '../race/measure.js'

/** Below this an fsync did not wait for a disk: in memory it takes a few microseconds. */
export const REAL_FSYNC_MS = 0.02

/** How long the folder's disk takes to say that it has a page, in milliseconds: the median of fifty. */
export function fsyncMs(folder: string): number {
  const file = openSync(join(folder, 'page'), 'w')
  const page = Buffer.alloc(4096, 1)
  try {
    const times = Array.from({ length: 50 }, () => {
      const start = performance.now()
      writeSync(file, page, 0, page.length, 0)
      fsyncSync(file)
      return performance.now() - start
    })
    return quantile(times, 0.5)
  } finally {
    closeSync(file)
  }
}
