import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalFunction, serveFunctionUrl } from '@sqlite-efs/local-lambda'
import { bundle } from '../bundle/bundle.js'
import type { Stage } from '../demo/stage.js'

/** The service as it would be deployed, at an address of this machine. */
export interface Served extends AsyncDisposable {
  readonly url: string
}

/**
 * Runs the API's package on the local Lambda. There are two environments: two browsers are served at once.
 *
 * @param log - gets each line that the function writes
 */
export async function serve(stage: Stage, log: (line: string) => void): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'sqlite-efs-served-'))
  const clear = () => rm(folder, { recursive: true, force: true })
  try {
    const target = process.arch === 'arm64' ? 'linux-arm64-gnu' : 'linux-x64-gnu'
    const { functions } = await bundle({ target, folder })
    const api = new LocalFunction({
      folder: functions.api.folder,
      environments: 2,
      timeoutMs: 15_000,
      env: stage.env,
      log,
    })
    const { url, close } = await serveFunctionUrl(api)
    return {
      url,
      async [Symbol.asyncDispose]() {
        await close()
        await api[Symbol.asyncDispose]()
        await clear()
      },
    }
  } catch (error) {
    await clear()
    throw error
  }
}
