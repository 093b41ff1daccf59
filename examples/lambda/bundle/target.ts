/** Where a package runs. Lambda's operating system has glibc, so there is none for musl. */
export const TARGETS = ['linux-arm64-gnu', 'linux-x64-gnu'] as const

export type Target = (typeof TARGETS)[number]
