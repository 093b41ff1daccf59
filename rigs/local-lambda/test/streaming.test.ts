import { existsSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { useFunctions } from './support/functions.js'

const functions = useFunctions()

test('a streamed response comes piece by piece, while the handler is still at it', async () => {
  const fn = functions.start('stream')
  const file = functions.file('read')
  const seen: string[] = []
  const { pieces, contentType, functionError } = await fn.invoke(
    { file },
    {
      onPiece: (piece, type) => {
        seen.push(`${type}: ${piece.toString()}`)
        if (!existsSync(file)) writeFileSync(file, '')
      },
    },
  )
  expect(seen).toEqual(['text/plain: one', 'text/plain: two'])
  expect(pieces?.map(String)).toEqual(['one', 'two'])
  expect({ contentType, functionError }).toEqual({ contentType: 'text/plain', functionError: undefined })
  expect(fn.environments).toMatchObject([{ state: 'frozen' }])
})

test('an error in the middle of a streamed response comes after its pieces', async () => {
  const file = functions.file('read too')
  writeFileSync(file, '')
  const { payload, pieces, functionError } = await functions.start('stream').invoke({ file, error: 'no more' })
  expect(pieces?.map(String)).toEqual(['one'])
  expect(functionError).toBe('Unhandled')
  expect(payload).toMatchObject({ errorType: 'RangeError', errorMessage: 'no more' })
})
