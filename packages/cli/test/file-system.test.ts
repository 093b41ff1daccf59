import { describe, expect, test } from 'vitest'
import { fileSystemFindings } from '../src/doctor/file-system.js'
import { exitCodeOf } from '../src/doctor/finding.js'
import { mountOf, parseMountInfo } from '../src/doctor/mounts.js'

const NFS =
  'vers=4.1,rsize=1048576,wsize=1048576,namlen=255,hard,noresvport,proto=tcp,timeo=600,retrans=2,sec=sys,clientaddr=10.0.1.23,local_lock=none,addr=10.0.1.77'
const EFS = `1097 63 0:107 / /mnt/efs rw,relatime shared:520 - nfs4 fs-0123456789abcdef0.efs.eu-central-1.amazonaws.com:/ rw,${NFS}`
const EFS_WITH_TLS =
  '1098 63 0:108 / /mnt/efs rw,relatime shared:521 - nfs4 127.0.0.1:/ rw,vers=4.1,rsize=1048576,wsize=1048576,namlen=255,hard,noresvport,proto=tcp,port=20449,timeo=600,retrans=2,sec=sys,clientaddr=127.0.0.1,local_lock=none,addr=127.0.0.1'
const WITHOUT_LOCKS =
  '412 28 0:55 / /mnt/efs rw,relatime shared:230 - nfs 10.0.0.5:/export rw,vers=3,rsize=1048576,wsize=1048576,namlen=255,hard,nolock,proto=tcp,timeo=600,retrans=2,sec=sys,mountaddr=10.0.0.5,mountvers=3,mountport=20048,mountproto=tcp,local_lock=all,addr=10.0.0.5'
const EXT4 = '28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard,errors=remount-ro'

/** What is not well with a file on this mount, as `check: severity`. */
const faults = (line: string, isLocal = false) => {
  const mount = mountOf('/mnt/efs/app.db', parseMountInfo(`${EXT4}\n${line}`))
  const bad = fileSystemFindings(mount, isLocal).filter(({ severity }) => severity !== 'ok')
  return bad.map(({ check, severity }) => `${check}: ${severity}`)
}
const withOption = (option: string) => EFS.replace('hard,', `hard,${option},`)

describe('a file system as /proc/self/mountinfo has it', () => {
  test('EFS on NFSv4.1, mounted as AWS says, is well but for its missing TLS', () => {
    expect(faults(EFS)).toEqual(['nfs-tls: note'])
  })

  test('EFS through the TLS tunnel of the mount helper is well', () => {
    expect(faults(EFS_WITH_TLS)).toEqual([])
    const mount = mountOf('/mnt/efs/app.db', parseMountInfo(EFS_WITH_TLS))
    const tls = fileSystemFindings(mount, false).find(({ check }) => check === 'nfs-tls')
    expect(tls?.what).toContain('port 20449')
  })

  test('a local disk is one, and with a DynamoDB table it is said that no other host sees it', () => {
    expect(faults('')).toEqual(['file-system: note'])
    expect(faults('', true)).toEqual([])
  })

  test('NFSv3 without locks is an error, twice', () => {
    expect(faults(WITHOUT_LOCKS)).toEqual(['file-system: error', 'nfs-locks: error'])
  })

  test.each([
    ['vers=4.0', EFS.replace('vers=4.1', 'vers=4.0'), 'file-system: warning'],
    ['soft', EFS.replace('hard', 'soft'), 'nfs-hard: error'],
    ['local_lock=posix', EFS.replace('local_lock=none', 'local_lock=posix'), 'nfs-locks: error'],
    ['noac', withOption('noac'), 'nfs-cache: warning'],
    ['nocto', withOption('nocto'), 'nfs-cache: error'],
    ['acdirmax=600', withOption('acdirmax=600'), 'nfs-cache: warning'],
    ['rsize=4096', EFS.replace('rsize=1048576', 'rsize=4096'), 'nfs-transfer: note'],
    ['ro', EFS.replace('/mnt/efs rw', '/mnt/efs ro'), 'mount-read-only: error'],
    ['ro, of the file system', EFS.replace(':/ rw', ':/ ro'), 'mount-read-only: error'],
  ])('%s is found', (_, line, fault) => {
    expect(faults(line)).toContain(fault)
  })

  test("lease 'local' on NFS is an error", () => {
    expect(faults(EFS, true)).toContain('file-system: error')
  })

  test.each([
    ['tmpfs tmpfs', 'warning'],
    ['fuse.s3fs s3fs', 'error'],
    ['cifs //host/share', 'warning'],
  ])('%s is a %s', (source, severity) => {
    expect(faults(`40 28 0:33 / /mnt/efs rw,nosuid shared:5 - ${source} rw`)).toEqual([`file-system: ${severity}`])
  })

  test('the innermost mount is meant, and the last of several at one place', () => {
    const mounts = parseMountInfo(
      [
        EXT4,
        '40 28 0:33 / /mnt rw - tmpfs one rw',
        '41 40 0:34 / /mnt/efs\\040data rw - tmpfs two rw',
        '42 40 0:35 / /mnt rw - tmpfs three rw',
      ].join('\n'),
    )
    const sourceOf = (path: string) => mountOf(path, mounts)?.source
    expect(sourceOf('/mnt/efs data/app.db')).toBe('two')
    expect(sourceOf('/mnt/app.db')).toBe('three')
    expect(sourceOf('/mntx/app.db')).toBe('/dev/vda')
  })

  test('where nothing is known of it, that is said', () => {
    expect(fileSystemFindings(undefined, false)).toMatchObject([{ severity: 'note' }])
  })
})

test('the worst finding decides how doctor ends', () => {
  const findings = (...severities: ('ok' | 'note' | 'warning' | 'error')[]) =>
    severities.map((severity) => ({ check: 'x', severity, what: '' }))
  expect(exitCodeOf(findings('ok', 'note'))).toBe(0)
  expect(exitCodeOf(findings('ok', 'warning', 'note'))).toBe(3)
  expect(exitCodeOf(findings('warning', 'error', 'ok'))).toBe(4)
})
