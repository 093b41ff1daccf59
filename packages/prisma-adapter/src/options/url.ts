import { isAbsolute, normalize, resolve } from 'node:path'
import { check } from '../errors/configuration.js'

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
  const wanted = relativePaths === 'refused' ? 'be file: and an absolute path' : 'be file: and a path'
  const wrong = (rule: string, hint?: string) =>
    check.wrong(option, rule, typeof url === 'string' ? withoutSecrets(url) : url, { hint })
  if (typeof url !== 'string' || url === '') throw wrong(wanted)
  if (url === MEMORY || url === 'file::memory:') return MEMORY
  if (/^(["']).*\1$/s.test(url)) throw wrong('have no quotes', 'leave them out (docker --env-file keeps them)')
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== 'file') {
    throw wrong(wanted, `${scheme}: urls are not supported: the database is one file that every instance mounts`)
  }
  if (/[?#]/.test(url)) {
    const hint = 'options belong in the constructor, and a ? or # in a file name is written %3F or %23 after file:'
    throw wrong('have no parameters', hint)
  }
  const path =
    scheme === undefined ? url : pathOfFileUrl(url, (hint, cause) => check.wrong(option, wanted, url, { hint, cause }))
  if (path.includes('\0')) throw wrong('have no NUL')
  if (path === '') throw wrong(wanted)
  if (relativePaths === 'refused' && !isAbsolute(path)) {
    const hint =
      "every instance must mean the same file, whatever its working directory (only with lease: 'local' a path may be relative)"
    throw wrong('be an absolute path, as in file:/mnt/efs/app.db', hint)
  }
  if (/(^|\/)\.{0,2}$/.test(path)) throw wrong('be a file', 'this is a folder')
  return isAbsolute(path) ? normalize(path) : resolve(path)
}

function pathOfFileUrl(url: string, wrong: (hint: string, cause?: unknown) => Error): string {
  let rest = url.slice('file:'.length)
  const host = /^\/\/([^/]*)/.exec(rest)?.[1]
  if (host !== undefined) {
    if (host !== '' && host.toLowerCase() !== 'localhost') {
      const wayOut = `one slash or three stand before an absolute path: file:/${host}${rest.slice(2 + host.length)}`
      throw wrong(`${JSON.stringify(host)} would be the name of a host: ${wayOut}`)
    }
    rest = rest.slice(2 + host.length)
  }
  try {
    return decodeURIComponent(rest)
  } catch (error) {
    throw wrong('a % in a file name is written %25', error)
  }
}

/** What may stand in a remote url and should not stand in a log. */
const withoutSecrets = (url: string) => url.replace(/\/\/[^/@]*@/, '//…@').replace(/\?.*$/s, '?…')
