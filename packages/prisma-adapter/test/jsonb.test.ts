import { openDatabase } from '@sqlite-efs/database'
import { LocalLeaser } from '@sqlite-efs/lease'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonbToText, NotJsonb } from '../src/conversion/jsonb.js'

let database: ReturnType<typeof openDatabase>

beforeAll(() => {
  database = openDatabase({ path: ':memory:', leaser: new LocalLeaser() })
})

afterAll(() => database.close())

async function bySqlite(json: string): Promise<{ jsonb: Uint8Array; text: string }> {
  const { rows } = await database.execute('SELECT jsonb(?), json(?)', [json, json])
  return { jsonb: rows[0]![0] as Uint8Array, text: rows[0]![1] as string }
}

test.each([
  'null',
  'true',
  'false',
  '0',
  '-12345678901234567890',
  '1.5e-7',
  '""',
  String.raw`"a\nb\u00e9\"c"`,
  '"é🎉"',
  '[]',
  '{}',
  '[1,[2,[3,{"a":[]}]],null]',
  '{"a":{"b":[1,"c",{}]},"":0}',
  JSON.stringify({ long: 'x'.repeat(11), longer: 'y'.repeat(300), longest: 'z'.repeat(70_000) }),
  JSON.stringify(Array.from({ length: 5_000 }, (_, index) => ({ index, text: `entry ${index}` }))),
  // JSON5
  `{a: 'it\\'s', b: [0x1F, -0xff, .5, 5., +3, 1.e2], c: "\\x41\\0"}`,
  "'a\\\nb'",
])('reads what SQLite writes as SQLite does, case %#', async (json) => {
  const { jsonb, text } = await bySqlite(json)
  expect(JSON.parse(jsonbToText(jsonb))).toEqual(JSON.parse(text))
})

test.each([
  ['nothing', []],
  ['a reserved type', [0x0f]],
  ['a value that ends too early', [0x57, 0x61]],
  ['a length that ends too early', [0xc7]],
  ['more than a value', [0x00, 0x00]],
  ['an element longer than its array', [0x1b, 0x27, 0x61, 0x61]],
  ['a name without a value', [0x2c, 0x17, 0x61]],
  ['a name that is no text', [0x2c, 0x00, 0x00]],
  ['a number that is none', [0x13, 0x61]],
  ['text that is not UTF-8', [0x17, 0xff]],
  ['a length of exabytes', [0xf7, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
])('refuses %s', (_, bytes) => {
  expect(() => jsonbToText(new Uint8Array(bytes))).toThrow(NotJsonb)
})

test('refuses what is nested without end', () => {
  const deep = Uint8Array.from({ length: 20_000 }, () => 0xcb)
  expect(() => jsonbToText(deep)).toThrow(NotJsonb)
})
