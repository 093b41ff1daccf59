import type {
  CheckResult,
  ContentOptions,
  HoldOptions,
  LeaseHandle,
  RestoreResult,
  SnapshotResult,
  VacuumResult,
} from '../contract/content.js'
import { checkCopy } from './check.js'
import type { ContentContext } from './context.js'
import { hold } from './hold.js'
import { restore } from './restore.js'
import { snapshot } from './snapshot.js'
import { vacuum } from './vacuum.js'

/** What is done with the whole content of a file, and not with rows of it. */
export class Contents {
  readonly #context: ContentContext

  constructor(context: ContentContext) {
    this.#context = context
  }

  snapshot(to: string, options: ContentOptions = {}): Promise<SnapshotResult> {
    return snapshot(this.#context, to, options)
  }

  checkCopy(options: ContentOptions = {}): Promise<CheckResult> {
    return checkCopy(this.#context, options)
  }

  restore(from: string, options: ContentOptions = {}): Promise<RestoreResult> {
    return restore(this.#context, from, options)
  }

  vacuum(options: ContentOptions = {}): Promise<VacuumResult> {
    return vacuum(this.#context, options)
  }

  hold<T>(body: (held: LeaseHandle) => Promise<T>, options: HoldOptions = {}): Promise<T> {
    return hold(this.#context, body, options)
  }
}
