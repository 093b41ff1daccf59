import { createContext, runInContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { checkedArguments } from '../src/sql/arguments.js'

const other = (code: string): unknown => runInContext(code, createContext({}))

// As in jsdom, whose classes are not those of this module.
describe('parameters of another realm', () => {
  test('are copied, if they are bytes', () => {
    const bytes = other('new Uint8Array([1, 2, 255])') as Uint8Array
    const [copy] = checkedArguments([bytes])
    bytes[0] = 9
    expect(copy).toEqual(new Uint8Array([1, 2, 255]))
  })

  test('are named in the refusal, if SQLite has nothing for them', () => {
    expect(() => checkedArguments([other('new Date(0)')])).toThrow("Parameter 1: a Date can't be stored")
    expect(() => checkedArguments([other('({})')])).toThrow("Parameter 1: a object can't be stored")
  })
})
