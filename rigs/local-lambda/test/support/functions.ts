import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import { afterAll, afterEach } from 'vitest'
import { LocalFunction, type LocalFunctionOptions } from '../../src/index.js'

const FOLDER = fileURLToPath(new URL('../fixtures/functions', import.meta.url))

/** Functions of the package in fixtures/functions, for one file of tests; each ends with its test. */
export function useFunctions() {
  const scratch = folderUntil(afterAll)
  const started: LocalFunction[] = []
  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each[Symbol.asyncDispose]()))
  })
  return {
    /** A function whose handler is that export. */
    start(handler: string, options: Partial<LocalFunctionOptions> = {}): LocalFunction {
      const fn = new LocalFunction({
        folder: FOLDER,
        handler: `index.${handler}`,
        environments: 2,
        timeoutMs: 30_000,
        log: () => undefined,
        ...options,
      })
      started.push(fn)
      return fn
    },
    /** A file that is not there yet. */
    file: (name: string) => join(scratch, name),
  }
}
