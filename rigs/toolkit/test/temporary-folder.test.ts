import { existsSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { folderUntil, temporaryFolder } from '../src/temporary-folder.js'

test('a temporary folder goes with everything in it, and below where it was asked for', () => {
  let remove = () => {}
  const outer = folderUntil((action) => {
    remove = action
  }, 'outer')
  const path = (() => {
    using inner = temporaryFolder('inner', outer)
    writeFileSync(join(inner.path, 'file'), '')
    expect(basename(inner.path)).toMatch(/^inner-/)
    return inner.path
  })()
  expect(existsSync(path)).toBe(false)
  expect(existsSync(outer)).toBe(true)
  remove()
  expect(existsSync(outer)).toBe(false)
})
