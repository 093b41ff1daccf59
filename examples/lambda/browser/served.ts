import { serveFunctionUrl } from '@sqlite-efs/local-lambda'
import type { Stage } from '../demo/stage.js'
import { Deployment } from '../local/deployment.js'
import { findNode } from '../local/node.js'

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
  const options = { env: stage.env, environments: 2, timeoutMs: 15_000, node: findNode(), log }
  const deployment = await Deployment.make(options)
  const { url, close } = await serveFunctionUrl(deployment.api)
  return {
    url,
    async [Symbol.asyncDispose]() {
      await close()
      await deployment[Symbol.asyncDispose]()
    },
  }
}
