/** A mounted file system. */
export interface Mount {
  mountPoint: string
  /** `nfs4`, `ext4`, ... */
  type: string
  /** What is mounted: a device, or server and path. */
  source: string
  /** Options of the mount and of the file system together; those without a value have an empty one. */
  options: ReadonlyMap<string, string>
}

/** Reads /proc/self/mountinfo: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html. */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const words = line.split(' ')
    const separator = words.indexOf('-')
    const [mountPoint, mountOptions] = words.slice(4)
    const [type, source, superOptions] = words.slice(separator + 1)
    if (separator === -1 || mountPoint === undefined || type === undefined || source === undefined) return []
    const options = new Map([...optionsOf(superOptions), ...optionsOf(mountOptions)])
    // Either of the two makes it so.
    if (optionsOf(superOptions).some(([name]) => name === 'ro')) options.set('ro', '')
    return [{ mountPoint: unescaped(mountPoint), type, source: unescaped(source), options }]
  })
}

/** The file system that a path is on: the innermost mount, and of several at one place the last one. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const above = mounts.filter(({ mountPoint }) => isBelow(path, mountPoint))
  return above.reduce<Mount | undefined>(
    (best, mount) => (best && best.mountPoint.length > mount.mountPoint.length ? best : mount),
    undefined,
  )
}

const isBelow = (path: string, folder: string) => folder === '/' || path === folder || path.startsWith(`${folder}/`)

function optionsOf(text = ''): [name: string, value: string][] {
  return text.split(',').map((option) => {
    const [name = '', ...value] = option.split('=')
    return [name, value.join('=')]
  })
}

/** Blanks, tabs, newlines and backslashes are in octal there. */
const unescaped = (text: string) =>
  text.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
