/** Where a package runs. Lambda's operating system has glibc, so there is none for musl. */
export const TARGETS = ['linux-arm64-gnu', 'linux-x64-gnu'] as const

export type Target = (typeof TARGETS)[number]

/** The platform of this machine, as libsql names it: for packages that are to run here. */
export function thisPlatform(): string {
  const { platform, arch } = process
  if (platform !== 'linux') return `${platform}-${arch}`
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return `linux-${arch}-${header.glibcVersionRuntime ? 'gnu' : 'musl'}`
}
