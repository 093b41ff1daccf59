import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalFunction } from '@sqlite-efs/local-lambda'
import { makePackages } from '../bundle/bundle.js'
import { thisPlatform } from '../bundle/target.js'

/** How the service is deployed on this machine. */
export interface DeploymentOptions {
  /** The environment of the functions. */
  env: Readonly<Record<string, string>>
  /** At most so many execution environments of the API. */
  environments: number
  /** After so long an invocation is killed, in milliseconds. */
  timeoutMs: number
  /** The Node binary. */
  node: string
  /** Gets each line that a function writes, but for metrics. */
  log: (line: string) => void
}

/** An event to open for booking. */
export interface NewEvent {
  id: string
  name: string
  startsAt: string
  seats: number
  seatPrice: number
}

/** The packages that are deployed, for this machine, in local Lambda functions. */
export class Deployment implements AsyncDisposable {
  /** The booking service. */
  readonly api: LocalFunction
  readonly #folder: string
  readonly #invoke: (name: 'migrate' | 'open-event', event: unknown) => Promise<unknown>

  private constructor(folder: string, packages: Awaited<ReturnType<typeof makePackages>>, options: DeploymentOptions) {
    const log = (line: string) => {
      // CloudWatch makes metrics of it. (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html)
      if (!line.startsWith('{"_aws"')) options.log(line)
    }
    const configured = { ...options, log }
    this.#folder = folder
    this.api = new LocalFunction({ ...configured, folder: packages.api, name: 'booking' })
    this.#invoke = async (name, event) => {
      const one = { ...configured, folder: packages[name], name: `booking-${name}`, environments: 1 }
      await using fn = new LocalFunction(one)
      const { payload, functionError } = await fn.invoke(event)
      if (functionError) throw new Error(`the function ${name} failed: ${JSON.stringify(payload)}`)
      return payload
    }
  }

  /** Bundles the functions, in a temporary folder: outside of the repository they find nothing that is not in their packages. */
  static async make(options: DeploymentOptions): Promise<Deployment> {
    const folder = await mkdtemp(join(tmpdir(), 'sqlite-efs-deployment-'))
    try {
      return new Deployment(folder, await makePackages({ target: thisPlatform(), folder }), options)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Invokes the migration function, as a deployment does. */
  async migrate(): Promise<void> {
    await this.#invoke('migrate', {})
  }

  /** Opens an event, unless it is there. */
  async openEvent(event: NewEvent): Promise<void> {
    await this.#invoke('open-event', event)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
