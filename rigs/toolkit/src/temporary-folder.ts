import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder, removed with everything in it when it is disposed. */
export interface TemporaryFolder extends Disposable {
  /** Without symbolic links in it. */
  readonly path: string
}

/** Makes a folder whose name begins with `name`, below `parent`: by default where the system has its temporary files. */
export function temporaryFolder(name: string, parent = tmpdir()): TemporaryFolder {
  const path = realpathSync(mkdtempSync(join(parent, `${name}-`)))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** The path of a new folder that `atEnd` removes: `onTestFinished` or `afterAll` of Vitest. */
export function folderUntil(atEnd: (remove: () => void) => void, name = 'sqlite-efs-test'): string {
  const folder = temporaryFolder(name)
  atEnd(() => folder[Symbol.dispose]())
  return folder.path
}
