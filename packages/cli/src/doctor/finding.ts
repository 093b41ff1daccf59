import { EXIT } from '../contract/exit-codes.js'

/**
 * How bad it is: `ok`; `note` is good to know; `warning` will give trouble; `error` loses data, or keeps everybody from
 * writing.
 */
export type Severity = 'ok' | 'note' | 'warning' | 'error'

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at: a short name that stays the same from version to version. */
  check: string
  severity: Severity
  /** What was found. */
  what: string
  /** What to do about it; absent where there is nothing to do. */
  wayOut?: string
}

export function finding(check: string, severity: Severity, what: string, wayOut?: string): Finding {
  return { check, severity, what, ...(wayOut !== undefined && { wayOut }) }
}

/** The worst one decides. */
export function exitCodeOf(findings: readonly Finding[]): number {
  if (findings.some(({ severity }) => severity === 'error')) return EXIT.errors
  return findings.some(({ severity }) => severity === 'warning') ? EXIT.warnings : EXIT.good
}
