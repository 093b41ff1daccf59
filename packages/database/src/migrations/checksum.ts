import { createHash } from 'node:crypto'

const LENGTH = 64

/** What Prisma stores of a script: its SHA-256, in lower-case hex. */
export const checksumOf = (script: string) => digestOf(script).toString('hex')

/**
 * Whether a script is the one that a checksum was made of, as Prisma compares them: git may have changed the ends of the lines,
 * and Prisma 2 stored checksums without their leading zeros
 * (https://github.com/prisma/prisma-engines/blob/main/schema-engine/connectors/schema-connector/src/checksum.rs).
 */
export function matchesChecksum(script: string, checksum: string): boolean {
  const rendered = checksum.length === LENGTH ? checksumOf : unpaddedChecksumOf
  return [script, script.replaceAll('\r\n', '\n'), script.replaceAll('\n', '\r\n')].some(
    (spelling) => rendered(spelling) === checksum,
  )
}

const unpaddedChecksumOf = (script: string) => [...digestOf(script)].map((byte) => byte.toString(16)).join('')

const digestOf = (script: string) => createHash('sha256').update(script).digest()
