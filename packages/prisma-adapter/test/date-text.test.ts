import { describe, expect, test } from 'vitest'
import { readableDateText } from '../src/conversion/date-text.js'

describe('a date text', () => {
  test.each([
    '2024-02-29T12:34:56.789+00:00',
    '2024-02-29T12:34:56.789Z',
    '2024-02-29T12:34:56Z',
    '2024-02-29T12:34:56-23:59',
    '2024-02-29T23:59:59+14:00',
    '2024-02-29',
    '0001-01-01T00:00:00.000+00:00',
  ])('that Prisma reads stays as it is: %s', (text) => {
    expect(readableDateText(text)).toBe(text)
  })

  test.each([
    ['Prisma Migrate, as a default', '1900-01-01 00:00:00 +00:00', '1900-01-01T00:00:00.000Z'],
    ['Prisma Migrate, as a default with a fraction', '2011-10-31 20:00:00.5 +00:00', '2011-10-31T20:00:00.500Z'],
    ['CURRENT_TIMESTAMP', '2024-01-01 12:00:00', '2024-01-01T12:00:00.000Z'],
    ['SQLite, to the minute', '2024-01-01 12:00', '2024-01-01T12:00:00.000Z'],
    ['SQLite, with a T', '2024-01-01T12:00', '2024-01-01T12:00:00.000Z'],
    ['SQLite, with a fraction', '2024-01-01T12:00:00.5', '2024-01-01T12:00:00.500Z'],
    ['SQLite, with a zone', '2024-01-01 12:00-03:30', '2024-01-01T15:30:00.000Z'],
    ['SQLite, with a Z behind a space', '2024-01-01 12:00:00 Z', '2024-01-01T12:00:00.000Z'],
    ['SQLite, before Christ', '-0044-03-15 12:00', '-000044-03-15T12:00:00.000Z'],
    ['SQLite, in the last second', '2024-12-31 23:59:59', '2024-12-31T23:59:59.000Z'],
    ['SQLite, in the farthest zone', '2024-01-01 00:00+23:59', '2023-12-31T00:01:00.000Z'],
    ['SQLite, at the end of a day', '2024-12-31 24:00:00', '2025-01-01T00:00:00.000Z'],
    ['SQLite, past the end of a month', '2023-02-29 00:00:00', '2023-03-01T00:00:00.000Z'],
    ['Postgres, with hours as its zone', '2011-10-31 20:00:00+00', '2011-10-31T20:00:00.000Z'],
    ['a zone without a colon', '2011-10-31 22:00:00+0200', '2011-10-31T20:00:00.000Z'],
    ['a date with a zone', '2024-01-01+01:00', '2023-12-31T23:00:00.000Z'],
    ['Django, with microseconds', '2011-10-31 20:00:00.123456', '2011-10-31T20:00:00.123Z'],
    ['Go, with nanoseconds', '2011-10-31T20:00:00.123456789Z', '2011-10-31T20:00:00.123Z'],
    ['Go, as it prints a time', '2024-01-01 00:00:00.9 +0100 UTC', '2023-12-31T23:00:00.900Z'],
    ['Ruby', '2024-01-01 00:00:00 UTC', '2024-01-01T00:00:00.000Z'],
    ['RFC 3339 in lower case', '2024-01-01t12:00:00.25z', '2024-01-01T12:00:00.250Z'],
    ['ISO 8601 with a comma', '2024-01-01T12:00:00,25Z', '2024-01-01T12:00:00.250Z'],
    ['ISO 8601 without signs', '20240102T030405Z', '2024-01-02T03:04:05.000Z'],
    ['slashes, the year first', '2024/1/2 3:04', '2024-01-02T03:04:00.000Z'],
    ['an HTTP header', 'Mon, 01 Jan 2024 00:00:00 GMT', '2024-01-01T00:00:00.000Z'],
    ['a mail', 'Tue, 2 Jan 2024 01:00:00 +0100', '2024-01-02T00:00:00.000Z'],
    ['Date.prototype.toString', 'Mon Jan 01 2024 01:00:00 GMT+0100 (CET)', '2024-01-01T00:00:00.000Z'],
    ['a year below 100', '0099-12-31 00:00:00', '0099-12-31T00:00:00.000Z'],
    ['a year beyond 9999', '+012345-01-01T00:00:00.000+00:00', '+012345-01-01T00:00:00.000Z'],
    ['the last Date', '+275760-09-13T00:00:00.000+00:00', '+275760-09-13T00:00:00.000Z'],
    ['a time of day', '12:34', '1970-01-01T12:34:00.000Z'],
  ])('of %s becomes one that Prisma reads: %s', (_, text, expected) => {
    expect(readableDateText(text)).toBe(expected)
  })

  test.each([
    '',
    'garbage',
    'now',
    '1697658213',
    '2460310.5',
    '0000-00-00 00:00:00',
    '2024-13-01',
    '2024-01-32',
    '2024-00-10',
    '2024-01-00',
    '2024-01-01T25:00:00Z',
    '2024-01-01 25:00',
    '2024-01-01 12:60',
    '2024-01-01 12:00:60',
    '2024-01-01 12:00 CET',
    '2024-01-01 12:00+25:00',
    '2024-01-01 12:00+01:60',
    '01/02/2024',
    '1.2.2024',
    'Jan 1 2024',
    'before Mon, 01 Jan 2024 00:00:00 GMT',
    'Mon, 01 Jan 2024 00:00:00 CET',
    'Mon, 01 Jan 2024 00:00:00 1+01',
    'Mon, 01 Jan 2024 00:00:00 +1',
    '+275760-09-13 00:00:01',
    '2024-01-01 12:00 and more',
  ])('that can be read in two ways or none is not read: %s', (text) => {
    expect(readableDateText(text)).toBeNull()
  })

  test.each(['America/New_York', 'Asia/Kolkata', 'UTC'])('without a zone is in UTC, also in %s', (zone) => {
    const before = process.env['TZ']
    process.env['TZ'] = zone
    try {
      expect(readableDateText('2024-07-01 12:00')).toBe('2024-07-01T12:00:00.000Z')
    } finally {
      if (before === undefined) delete process.env['TZ']
      else process.env['TZ'] = before
    }
  })
})
