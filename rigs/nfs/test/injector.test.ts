import { Random } from '@sqlite-efs/toolkit/random'
import { expect, test } from 'vitest'
import type { Stage } from '../src/stage.js'
import type { Crowd } from '../src/torture/crowd.js'
import { Injector } from '../src/torture/injector.js'

test('whole hosts are frozen and thawed, whatever their numbers in the rig', async () => {
  const told: string[] = []
  const guests = [4, 5, 6].map((number) => ({
    number,
    freeze: async () => void told.push(`freeze ${number}`),
    thaw: async () => void told.push(`thaw ${number}`),
  }))
  const injector = new Injector({
    stage: { guests } as unknown as Stage,
    crowd: { alive: [] } as unknown as Crowd,
    random: new Random(1),
    everyMs: 1,
    ttlMs: 1,
  })
  const frozen = () => told.filter((it) => it.startsWith('freeze'))
  while (new Set(frozen()).size < guests.length) await injector.run(20)
  expect(told.filter((it) => it.startsWith('thaw'))).toEqual(frozen().map((it) => it.replace('freeze', 'thaw')))
})
