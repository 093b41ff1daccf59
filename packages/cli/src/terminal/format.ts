const UNITS = ['KiB', 'MiB', 'GiB', 'TiB']

/** `3.4 MiB`, say. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  let value = bytes
  let unit = ''
  for (const next of UNITS) {
    if (value < 1024) break
    value /= 1024
    unit = next
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** `250 ms`, `4.2 s`, `3 min`, `2 h`, `5 days`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}

/** A moment, and how far it is from now. */
export function formatMoment(atMs: number, nowMs: number): string {
  const distance = formatDuration(Math.abs(atMs - nowMs))
  // Who has an absurd time in the item still has to be shown.
  const moment = Math.abs(atMs) <= 8.64e15 ? new Date(atMs).toISOString() : String(atMs)
  return `${moment} (${atMs >= nowMs ? `in ${distance}` : `${distance} ago`})`
}

/** Lines of a name and what is to be said of it, one below the other. */
export function formatTable(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}
