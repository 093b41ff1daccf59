/** As Prisma and Date write it. Prisma reads it correctly, so it stays as it is. */
const CANONICAL =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?(?:Z|[+-](?:0\d|1\d|2[0-3]):[0-5]\d))?$/

const ZONE = String.raw` *(?:(?:Z|UTC|GMT)|(?<sign>[+-])(?<zoneHour>\d\d)(?::?(?<zoneMinute>\d\d))?(?: *(?:UTC|GMT))?)?`
const TIME = String.raw`(?<hour>\d\d?):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?`
const BASIC_TIME = String.raw`(?<hour>\d\d)(?<minute>\d\d)(?:(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?`

/**
 * SQLite's time values (https://www.sqlite.org/lang_datefunc.html#time_values), what Prisma Migrate writes as a default, and
 * the variants of ISO 8601 and RFC 3339. A number or `now` is none: a date column keeps numbers as numbers.
 */
const FORMATS = [
  String.raw`(?<year>[+-]?\d{4,6})[-/](?<month>\d\d?)[-/](?<day>\d\d?)(?:[T ] *${TIME})?${ZONE}`,
  String.raw`(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)T${BASIC_TIME}${ZONE}`,
  // A time without a date is on 1970-01-01, as in Prisma's own reading.
  `${TIME}${ZONE}`,
].map((format) => new RegExp(`^\\s*${format}\\s*$`, 'i'))

/** RFC 2822, and Date.prototype.toString: both name their zone, so that Date.parse reads them the same everywhere. */
const WITH_NAMES =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\d{1,2} [A-Z][a-z]{2}|[A-Z][a-z]{2} \d{1,2}) \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{4})/

/** Whether Prisma's adapters write a date so; only the form is looked at. */
export const isPrismasDateText = (text: string) => CANONICAL.test(text)

/**
 * A date text in a form that both of Prisma's readers understand: its model queries and its raw queries. A text without a
 * zone is in UTC. Digits after the millisecond are dropped, as `Date` has no room for them.
 *
 * @returns null for a text that can't be read as a date without doubt
 */
export function readableDateText(text: string): string | null {
  if (CANONICAL.test(text)) return text
  const epochMs = parse(text)
  return Number.isNaN(epochMs) ? null : new Date(epochMs).toISOString()
}

function parse(text: string): number {
  for (const format of FORMATS) {
    const fields = format.exec(text)?.groups
    if (fields) return toEpochMs(fields)
  }
  return WITH_NAMES.test(text) ? Date.parse(text) : Number.NaN
}

function toEpochMs(fields: Record<string, string | undefined>): number {
  const number = (name: string, otherwise: number) => Number(fields[name] ?? otherwise)
  const [year, month, day] = [number('year', 1970), number('month', 1), number('day', 1)]
  const [hour, minute, second] = [number('hour', 0), number('minute', 0), number('second', 0)]
  const [zoneHour, zoneMinute] = [number('zoneHour', 0), number('zoneMinute', 0)]
  // As in SQLite: 24:00 is the next day's midnight, and the 31st of a shorter month runs over into the next one.
  const isInRange = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 24 && minute <= 59 && second <= 59
  if (!isInRange || zoneHour > 23 || zoneMinute > 59) return Number.NaN
  const milliseconds = Number((fields['fraction'] ?? '').slice(0, 3).padEnd(3, '0'))
  // Not Date.UTC(), which takes the year 99 for 1999.
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const offset = (fields['sign'] === '-' ? -1 : 1) * (zoneHour * 60 + zoneMinute)
  return date.setUTCHours(hour, minute - offset, second, milliseconds)
}
