/** Thrown for bytes that are not SQLite's JSONB. */
export class NotJsonb extends Error {}

/** Deeper than SQLite itself nests (JSON_MAX_DEPTH). */
const MAX_DEPTH = 1000

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The JSON text of a value in SQLite's binary format (https://sqlite.org/jsonb.html), as `jsonb()` leaves it in a column.
 *
 * @throws NotJsonb
 */
export function jsonbToText(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { text, end } = read(view, 0, view.byteLength, 0)
  if (end !== view.byteLength) throw new NotJsonb('it goes on behind its value')
  try {
    JSON.parse(text)
  } catch {
    // Bytes that look like JSONB by chance: the content of numbers and texts is not checked before.
    throw new NotJsonb('its content is not JSON')
  }
  return text
}

interface Element {
  text: string
  end: number
}

/** The element that begins at `start`; nothing of it may lie at or behind `limit`. */
function read(view: DataView, start: number, limit: number, depth: number): Element {
  if (depth > MAX_DEPTH) throw new NotJsonb('it is nested too deeply')
  const { type, from, end } = header(view, start, limit)
  switch (type) {
    case 0:
      return { text: 'null', end }
    case 1:
      return { text: 'true', end }
    case 2:
      return { text: 'false', end }
    case 3:
    case 5:
      return { text: content(view, from, end), end }
    case 4:
    case 6:
      return { text: json5Number(content(view, from, end)), end }
    case 7:
    case 8:
      // Without quotes in the file; 8 has JSON's escapes.
      return { text: `"${content(view, from, end)}"`, end }
    case 9:
      return { text: JSON.stringify(unescapedJson5(content(view, from, end))), end }
    case 10:
      return { text: JSON.stringify(content(view, from, end)), end }
    case 11:
      return { text: `[${elements(view, from, end, depth).join(',')}]`, end }
    case 12:
      return { text: `{${members(elements(view, from, end, depth))}}`, end }
    default:
      throw new NotJsonb(`its element type ${type} is reserved`)
  }
}

function header(view: DataView, start: number, limit: number): { type: number; from: number; end: number } {
  if (start >= limit) throw new NotJsonb('it ends too early')
  const first = view.getUint8(start)
  const size = first >> 4
  const width = size <= 11 ? 0 : 2 ** (size - 12)
  const from = start + 1 + width
  if (from > limit) throw new NotJsonb('it ends too early')
  const length = width === 0 ? size : lengthOf(view, start + 1, width)
  const end = from + length
  if (end > limit) throw new NotJsonb('it ends too early')
  return { type: first & 0x0f, from, end }
}

function lengthOf(view: DataView, at: number, width: number): number {
  switch (width) {
    case 1:
      return view.getUint8(at)
    case 2:
      return view.getUint16(at)
    case 4:
      return view.getUint32(at)
    default:
      return Number(view.getBigUint64(at))
  }
}

function content(view: DataView, from: number, end: number): string {
  try {
    return utf8.decode(new Uint8Array(view.buffer, view.byteOffset + from, end - from))
  } catch {
    throw new NotJsonb('it holds text that is not UTF-8')
  }
}

function elements(view: DataView, from: number, end: number, depth: number): string[] {
  const found: string[] = []
  for (let at = from; at < end; ) {
    const element = read(view, at, end, depth + 1)
    found.push(element.text)
    at = element.end
  }
  return found
}

function members(labelsAndValues: string[]): string {
  if (labelsAndValues.length % 2 !== 0) throw new NotJsonb('it has a name without a value')
  const all: string[] = []
  for (let index = 0; index < labelsAndValues.length; index += 2) {
    if (!labelsAndValues[index]!.startsWith('"')) throw new NotJsonb('it has a name that is no text')
    all.push(`${labelsAndValues[index]}:${labelsAndValues[index + 1]}`)
  }
  return all.join(',')
}

/** JSON5 has hexadecimal numbers, a plus sign, and a point without a digit before or after it. */
function json5Number(text: string): string {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/.exec(text)!
  const number = /^0x[\da-f]+$/i.test(digits) ? BigInt(digits).toString() : digits
  const padded = number.replace(/^\./, '0.').replace(/\.(?!\d)/, '.0')
  return `${sign === '-' ? '-' : ''}${padded}`
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\'": "'",
  '\\v': '\v',
  '\\0': '\0',
  '\\b': '\b',
  '\\f': '\f',
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
}

const unescapedJson5 = (text: string) =>
  text.replaceAll(/\\(?:x[\da-f]{2}|u[\da-f]{4}|\r\n|[\s\S])/gi, (escape) => {
    if (/^\\[xu]/i.test(escape)) return String.fromCharCode(Number.parseInt(escape.slice(2), 16))
    // A line that goes on.
    if (/^\\[\r\n\u2028\u2029]/.test(escape)) return ''
    return ESCAPES[escape] ?? escape.slice(1)
  })
