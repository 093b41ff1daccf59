import { resolve } from 'node:path'
import { check } from '../contract/errors.js'

/**
 * The absolute path that a url names: `file:` and a path, or a path alone. A relative one is taken from the working
 * directory, as Prisma's CLI takes it.
 *
 * @throws CliError `USAGE`
 */
export function pathOfUrl(url: string, source: string): string {
  const wrong = (rule: string, hint?: string) => check.wrong(source, rule, withoutSecrets(url), { hint })
  const wanted = 'be file: and the path of the database file'
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase()
  if (url === '' || url === 'file:') throw wrong(wanted)
  if (url === ':memory:' || url === 'file::memory:') throw wrong(wanted, 'no other process can open one in memory')
  if (/^(["']).*\1$/s.test(url)) throw wrong('have no quotes', 'leave them out (docker --env-file keeps them)')
  if (scheme === undefined) return resolve(url)
  if (scheme !== 'file') throw wrong(wanted, `the database is one file, and a ${scheme}: url names none`)
  if (/[?#]/.test(url)) throw wrong('have no parameters', 'a ? or # in a file name is written %3F or %23')
  const path = url.slice('file:'.length).replace(/^\/\/(localhost)?(?=\/)/, '')
  if (path.startsWith('//')) throw wrong(wanted, 'one slash or three stand before an absolute path')
  try {
    return resolve(decodeURIComponent(path))
  } catch {
    throw wrong(wanted, 'a % in a file name is written %25')
  }
}

const withoutSecrets = (url: string) => url.replace(/\/\/[^/@]*@/, '//...@').replace(/\?.*$/s, '?...')
