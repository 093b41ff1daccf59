import { type Finding, finding } from './finding.js'
import type { Mount } from './mounts.js'

const LOCAL_DISKS = ['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'zfs', 'f2fs', 'overlay', 'apfs']
const NO_LOCKS = /^fuse\.(s3fs|mountpoint-s3|goofys|rclone|gcsfuse)$|^mountpoint-s3$/
const AS_AWS_SAYS = 'Mount it as AWS says: nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport.'

/** What the file system means for the file. With `isLocal` the lease excludes nobody outside this machine. */
export function fileSystemFindings(mount: Mount | undefined, isLocal: boolean): Finding[] {
  if (!mount) {
    return [
      finding('file-system', 'note', 'It is not known what the file is on: there is no /proc/self/mountinfo here.'),
    ]
  }
  return [...kindFindings(mount, isLocal), ...readOnlyFindings(mount), ...(isNfs(mount) ? nfsFindings(mount) : [])]
}

/** Whether other hosts may have the file open too, through caches that are not coherent. */
export const isNfs = ({ type }: Mount) => /^nfs4?$/.test(type)

function kindFindings(mount: Mount, isLocal: boolean): Finding[] {
  const { type, source, mountPoint } = mount
  const where = `${type} (${source}) at ${mountPoint}`
  if (isNfs(mount)) return [isLocal ? localLeaseOnNfs(where) : nfsVersion(mount, where)]
  if (type === 'tmpfs' || type === 'ramfs') {
    return [
      finding(
        'file-system',
        'warning',
        `${where} is memory: the file is gone with this machine.`,
        'Move it to a disk, or to EFS.',
      ),
    ]
  }
  if (NO_LOCKS.test(type)) {
    const what = `${where} has no locks, and can't change a part of a file: SQLite's files are corrupted on it.`
    return [finding('file-system', 'error', what, 'Move the file to EFS, or to a local disk.')]
  }
  if (LOCAL_DISKS.includes(type)) {
    if (isLocal) return [finding('file-system', 'ok', `${where} is a local disk.`)]
    return [
      finding('file-system', 'note', `${where} is a local disk: other hosts have another file at this path, if any.`),
    ]
  }
  const what = `${where}: nobody has tried this file system. SQLite needs locks that every host sees, and an open() that asks the server.`
  return [finding('file-system', 'warning', what, 'Use NFSv4.1 (EFS) or a local disk.')]
}

const localLeaseOnNfs = (where: string) =>
  finding(
    'file-system',
    'error',
    `${where} is a network file system, and the lease is 'local': writers on other hosts are not excluded.`,
    'Use a DynamoDB table: --table, and lease.tableName in the application.',
  )

/** NFSv4.1's server drops the locks of a client that fell silent; NFSv3's keeps them until it comes back. */
function nfsVersion({ options }: Mount, where: string): Finding {
  const version = options.get('vers') ?? options.get('nfsvers') ?? 'unknown'
  if (version === '4.1' || version === '4.2') return finding('file-system', 'ok', `${where}, NFSv${version}.`)
  if (version.startsWith('4')) {
    return finding('file-system', 'warning', `${where}, NFSv${version}: only 4.1 was tried.`, AS_AWS_SAYS)
  }
  const what = `${where}, NFS version ${version}: the server never drops the locks of a host that died, and does not stop one that comes back late.`
  return finding('file-system', 'error', what, AS_AWS_SAYS)
}

function readOnlyFindings({ options, mountPoint }: Mount): Finding[] {
  if (!options.has('ro')) return []
  const what = `${mountPoint} is mounted read-only: nobody on this host can write, and readers need a journal beside the database.`
  return [finding('mount-read-only', 'error', what, 'Mount it read-write.')]
}

/** nfs(5): https://man7.org/linux/man-pages/man5/nfs.5.html; AWS: https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-nfs-mount-settings.html. */
function nfsFindings({ options, source, mountPoint }: Mount): Finding[] {
  return [
    ...lockFindings(options),
    options.has('soft') || options.has('softerr')
      ? finding(
          'nfs-hard',
          'error',
          'It is mounted soft: a write that takes long comes back as an I/O error, in COMMIT too, and can be lost.',
          AS_AWS_SAYS,
        )
      : finding('nfs-hard', 'ok', 'It is mounted hard: a slow answer is waited for.'),
    ...cacheFindings(options),
    ...transferFindings(options),
    ...tunnelFindings(source, mountPoint, options),
  ]
}

function lockFindings(options: Mount['options']): Finding[] {
  const local = options.get('local_lock') ?? 'none'
  const isWithout = options.has('nolock')
  if (!isWithout && (local === 'none' || local === 'flock')) {
    return [finding('nfs-locks', 'ok', 'Locks go to the server, where every host sees them.')]
  }
  const what = `Locks stay on this host (${isWithout ? 'nolock' : `local_lock=${local}`}): no other host sees them, and this one keeps stale pages.`
  return [finding('nfs-locks', 'error', what, 'Mount it without nolock and local_lock.')]
}

function cacheFindings(options: Mount['options']): Finding[] {
  if (options.has('nocto')) {
    const what =
      'It is mounted with nocto: open() does not ask the server, so that the journal of a killed writer may be overlooked.'
    return [finding('nfs-cache', 'error', what, 'Mount it without nocto.')]
  }
  if (options.has('noac') || options.get('actimeo') === '0') {
    const what =
      'Attributes are not cached (noac): every look at the file asks the server. It is slow, and nothing here needs it.'
    return [finding('nfs-cache', 'warning', what, 'Mount it without noac and actimeo=0.')]
  }
  const longest = Math.max(...['acregmax', 'acdirmax', 'actimeo'].map((name) => Number(options.get(name) ?? 0)))
  if (longest > 60) {
    const what = `Attributes are believed for up to ${longest} s: a file that another host replaced is noticed that late.`
    return [finding('nfs-cache', 'warning', what, 'Leave acregmax, acdirmax and actimeo at their defaults.')]
  }
  return [finding('nfs-cache', 'ok', "Attributes are cached within NFS's defaults.")]
}

function transferFindings(options: Mount['options']): Finding[] {
  const small = ['rsize', 'wsize'].filter((name) => Number(options.get(name) ?? 1_048_576) < 1_048_576)
  if (small.length === 0) return [finding('nfs-transfer', 'ok', 'rsize and wsize are 1 MiB.')]
  const what = `${small.map((name) => `${name}=${options.get(name)}`).join(' and ')}: large reads and writes take more requests than they have to.`
  return [finding('nfs-transfer', 'note', what, AS_AWS_SAYS)]
}

function tunnelFindings(source: string, mountPoint: string, options: Mount['options']): Finding[] {
  if (/^(127\.0\.0\.1|\[?::1\]?|localhost):/.test(source)) {
    const port = options.get('port')
    return [
      finding(
        'nfs-tls',
        'ok',
        `${mountPoint} goes through a tunnel on this host${port ? ` (port ${port})` : ''}, as the EFS mount helper's TLS does.`,
      ),
    ]
  }
  if (!/\.efs\.[a-z0-9-]+\.amazonaws\.com/.test(source)) return []
  return [
    finding(
      'nfs-tls',
      'note',
      'EFS is mounted without TLS.',
      'Mount it with the EFS mount helper and -o tls, where your rules ask for it.',
    ),
  ]
}
