import { resolve } from 'node:path'
import { CliError } from './errors.js'

/**
 * The absolute path that a url names: `file:` and a path, or a path alone. A relative one is taken from the working
 * directory, as Prisma's CLI takes it.
 *
 * @throws CliError `USAGE`
 */
export function pathOfUrl(url: string, source: string): string {
  const wrong = (why: string) => new CliError('USAGE', `${source} is ${JSON.stringify(withoutSecrets(url))}: ${why}`)
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase()
  if (url === '' || url === 'file:') throw wrong('file: and the path of the database file is wanted.')
  if (url === ':memory:' || url === 'file::memory:') throw wrong('a database in memory is open to nobody else.')
  if (/^(["']).*\1$/s.test(url))
    throw wrong('the quotes are part of the value: leave them out (docker --env-file keeps them).')
  if (scheme === undefined) return resolve(url)
  if (scheme !== 'file') throw wrong(`the database is one file, and a ${scheme}: url names none.`)
  if (/[?#]/.test(url)) throw wrong('a url takes no parameters here; a ? or # in a file name is written %3F or %23.')
  const path = url.slice('file:'.length).replace(/^\/\/(localhost)?(?=\/)/, '')
  if (path.startsWith('//')) throw wrong('one slash or three stand before an absolute path.')
  try {
    return resolve(decodeURIComponent(path))
  } catch {
    throw wrong('a % in a file name is written %25.')
  }
}

const withoutSecrets = (url: string) => url.replace(/\/\/[^/@]*@/, '//...@').replace(/\?.*$/s, '?...')
