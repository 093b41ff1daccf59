import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FaultControl, preloaded } from '../src/index.js'
import { useShim } from './support/shim.js'

const shim = useShim()
const library = 'library' in shim ? shim.library : ''

function meetOneError(operation: string): unknown {
  const folder = folderUntil(onTestFinished)
  const control = join(folder, 'control')
  new FaultControl(control).close()
  const script = fileURLToPath(new URL('support/meet-one-error.ts', import.meta.url))
  const { stdout } = spawnSync(
    process.execPath,
    ['--conditions=@sqlite-efs/source', '--import', 'tsx', script, join(folder, 'app.db'), operation],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...preloaded({ library, folder, control }) },
    },
  )
  return JSON.parse(stdout)
}

describe.skipIf(library === '')('a connection that met an I/O error is thrown away, and a new one answers', () => {
  test.each([
    ['read', 2],
    ['write', 1],
    ['deferred transaction', 2],
    ['immediate transaction', 2],
  ])('a %s', (operation, answer) => {
    expect(meetOneError(operation)).toMatchObject({ answer, fired: 1, next: { written: 1 } })
  })
})
