/** What the process ends with; docs/cli.md has the table. */
export const EXIT = {
  good: 0,
  failed: 1,
  usage: 2,
  /** `doctor` found something that will give trouble; `check` found foreign keys that point nowhere. */
  warnings: 3,
  /** `doctor` found something that loses data, or keeps everybody from writing; `check` found damage. */
  errors: 4,
  /** `run` failed itself, as env(1) and timeout(1) say it: the command's own codes are below. */
  runFailed: 125,
  notExecutable: 126,
  notFound: 127,
} as const

/** As a shell says it of a program that a signal ended. */
export const exitCodeOfSignal = (signalNumber: number): number => 128 + signalNumber

/** Tells what the process is to end with, where that is not 0 and no error either. */
export type SetExitCode = (code: number) => void
