import { isAbsolute, normalize, resolve } from 'node:path'
import { configurationError } from '../errors/configuration.js'

/** What stands for a private database that lives until it is closed. */
export const MEMORY = ':memory:'

/** What becomes of a relative path: one machine has one working directory to resolve it against, several hosts do not. */
export type RelativePaths = 'resolved' | 'refused'

/**
 * The path that a url names; `:memory:` as it is. What would be taken for something else than it says is refused.
 *
 * @throws PrismaSqliteEfsError `CONFIGURATION`
 */
export function pathOfUrl(option: string, url: unknown, relativePaths: RelativePaths): string {
  if (typeof url !== 'string' || url === '') throw refuse(option, url, `expected file: and ${WANTED[relativePaths]}`)
  if (url === MEMORY || url === 'file::memory:') return MEMORY

  if (/^(["']).*\1$/s.test(url)) {
    throw refuse(
      option,
      withoutSecrets(url),
      'the quotes are part of the value; leave them out (docker --env-file keeps them)',
    )
  }

  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== 'file') {
    const wayOut = 'the database is one file that every instance mounts: give file: and its absolute path'
    throw refuse(option, withoutSecrets(url), `${scheme}: urls are not supported; ${wayOut}`)
  }
  if (/[?#]/.test(url)) {
    const wayOut = 'options belong in the constructor, and a ? or # in a file name is written %3F or %23 after file:'
    throw refuse(option, withoutSecrets(url), `a url takes no parameters; ${wayOut}`)
  }

  const path = scheme === undefined ? url : pathOfFileUrl(option, url)
  if (path.includes('\0')) throw refuse(option, url, 'a path has no NUL')
  if (path === '') throw refuse(option, url, `expected file: and ${WANTED[relativePaths]}`)
  if (relativePaths === 'refused' && !isAbsolute(path)) {
    const wayOut =
      "every instance must mean the same file, whatever its working directory (only with lease: 'local' a path may be relative)"
    throw refuse(option, url, `expected an absolute path, as in file:/mnt/efs/app.db: ${wayOut}`)
  }
  if (/(^|\/)\.{0,2}$/.test(path)) throw refuse(option, url, 'expected a file, and this is a folder')
  return isAbsolute(path) ? normalize(path) : resolve(path)
}

const WANTED = { refused: 'an absolute path', resolved: 'a path' }

function pathOfFileUrl(option: string, url: string): string {
  let rest = url.slice('file:'.length)
  const host = /^\/\/([^/]*)/.exec(rest)?.[1]
  if (host !== undefined) {
    if (host !== '' && host.toLowerCase() !== 'localhost') {
      const wayOut = `one slash or three stand before an absolute path: file:/${host}${rest.slice(2 + host.length)}`
      throw refuse(option, url, `${JSON.stringify(host)} would be the name of a host; ${wayOut}`)
    }
    rest = rest.slice(2 + host.length)
  }
  try {
    return decodeURIComponent(rest)
  } catch (error) {
    throw refuse(option, url, 'a % in a file name is written %25', error)
  }
}

/** What may stand in a remote url and should not stand in a log. */
const withoutSecrets = (url: string) => url.replace(/\/\/[^/@]*@/, '//…@').replace(/\?.*$/s, '?…')

const refuse = (option: string, value: unknown, why: string, cause?: unknown) =>
  configurationError(option, value, why, cause)
