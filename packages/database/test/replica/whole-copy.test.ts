import { describe, expect, it, onTestFinished } from 'vitest'
import { Listeners } from '../../src/contract/events.js'
import { Connection } from '../../src/engine/connection.js'
import { FreezeDetector } from '../../src/file/freeze-detector.js'
import { ReadWindow } from '../../src/read/read-window.js'
import { LiveFile } from '../../src/replica/direct-files.js'
import { copyInBackground } from '../../src/replica/whole-copy.js'
import { mergePragmas } from '../../src/sql/pragmas.js'
import { ManualClock } from '../support/manual-clock.js'
import { stranger } from '../support/replica.js'
import { openBank, scratchFolder, scratchPath } from '../support/scratch.js'

/** A file of 3 MB that is copied in the background; `amid` happens between the copy's first page and its last. */
async function copied(amid: (path: string) => void) {
  const path = scratchPath()
  const bank = await openBank({}, path)
  await bank.script('CREATE TABLE filler (x); INSERT INTO filler SELECT zeroblob(750000) FROM account, account')
  await bank.close()
  // So the journal of what happens amid the copy begins with the same page as the one before.
  stranger(path).exec(`${SPILLING}; ROLLBACK`)
  const clock = new ManualClock()
  const pragmas = mergePragmas(undefined)
  const window = new ReadWindow({
    path,
    clock,
    listeners: new Listeners(),
    freeze: new FreezeDetector(clock),
    open: () => new Connection({ path, pragmas, mode: 'read-only' }),
    lockWait: () => ({ path, clock, timeoutMs: 0, random: Math.random, onTimeout: String }),
  })
  onTestFinished(() => window.discard())
  const live = LiveFile.open(path, { isDirect: false })
  const read = live.readInBackground.bind(live)
  let hasHappened = false
  live.readInBackground = async (position, bytes) => {
    const content = await read(position, bytes)
    if (!hasHappened) amid(path)
    hasHappened = true
    return content
  }
  const place = { path, directory: scratchFolder(), pragmas }
  const copy = await copyInBackground({ place, live }, window, () => false)
  onTestFinished(() => copy?.drop())
  return copy?.read((connection) => connection.value('SELECT sum(balance) FROM account'))
}

/** Writes pages before COMMIT. */
const SPILLING =
  'PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN IMMEDIATE; UPDATE filler SET x = randomblob(750000)'

describe('a copy in the background', () => {
  it('holds what the file holds', async () => {
    expect(await copied(() => {})).toBe(200n)
  })

  it('comes to nothing where another program commits meanwhile', async () => {
    expect(await copied((path) => stranger(path).exec('UPDATE account SET balance = 1'))).toBeUndefined()
  })

  it('comes to nothing where a transaction wrote pages meanwhile that was rolled back', async () => {
    expect(await copied((path) => stranger(path).exec(`${SPILLING}; ROLLBACK`))).toBeUndefined()
  })
})
