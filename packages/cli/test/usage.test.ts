import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pathOfUrl } from '../src/target/file-url.js'
import { cli, cliJson, errorOf } from './support/cli.js'
import { bank, scratchFolder } from './support/scratch.js'

describe('wrong usage', () => {
  test.each([
    [['bogus'], /unknown command 'bogus'/],
    [['status', '--bogus'], /unknown option '--bogus'/],
    [
      ['status', '--url', '/a.db', '--local', '--protocol', 'raft'],
      /^Option --protocol must be 'line' or 'django-sqlite-efs', got "raft"\.\n/,
    ],
    [
      ['status', '--url', '/a.db', '--max-clock-skew-ms', '-1', '--local'],
      /^Option --max-clock-skew-ms must be milliseconds, .* from 0 to 2147483647, got "-1"\.\n/,
    ],
    [['release', '--url', '/a.db', '--local'], /--ticket/],
    [['release', '--url', '/a.db', '--local', '--ticket', 'x'], /^Option --ticket must be a ticket, .*, got "x"\.\n/],
    [['snapshot', '--url', '/a.db', '--local'], /missing required argument 'file'/],
    [['run', '--url', '/a.db', '--local'], /missing required argument 'command'/],
    [['status'], /Which lease\?.*--url.*DATABASE_URL.*--key/],
    [['doctor'], /Which database\?.*--url.*DATABASE_URL/],
    [['doctor', '--url', '/a.db'], /^Option --table must name the DynamoDB table.*SQLITE_LOCK_DYNAMODB_TABLE.*--local/],
    [['status', '--url', '/a.db', '--local', '--table', 'x'], /--local and --table/],
    [
      ['status', '--url', '"file:/mnt/efs/app.db"', '--local'],
      /^Option --url must have no quotes, got .*; leave them out/,
    ],
    [
      ['status', '--url', 'libsql://me:secret@host/db', '--local'],
      /^Option --url must be file: .*, got "libsql:\/\/\.\.\.@host\/db"; .*one file/,
    ],
    [['migrate', 'resolve', '--url', '/a.db', '--local'], /--applied.*--rolled-back/],
    [['migrate', 'resolve', '--url', '/a.db', '--local', '--applied', 'a', '--rolled-back', 'b'], /one of/],
  ])('%j ends with 2 and says what is wanted', async (args, message) => {
    const ended = await cli([...args, '--json'])
    expect(ended.code).toBe(2)
    expect(errorOf(ended)).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) as string })
  })

  test('is said in a line for people, where nobody asks for JSON', async () => {
    const { code, stdout, stderr } = await cli(['status', '--bogus'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe("USAGE: unknown option '--bogus'\nSee --help of the command for what it takes.\n")
  })

  test.each([
    [['status', '--local', '--protocol', 'raft'], /^USAGE: Option --protocol must be .*, got "raft"\.\n/],
    [['status', '--local', '--max-clock-skew-ms', 'x'], /^USAGE: Option --max-clock-skew-ms must be .*, got "x"\.\n/],
    [['iam', '--table', 'x', '--account', '1'], /^USAGE: Option --account must be .*, got "1"\.\n/],
  ])('%j points to the help of the command', async (args, message) => {
    const { code, stderr } = await cli(args)
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/\.\nSee --help of the command for what it takes\.\n$/)
  })

  test('no command at all shows the help, on stderr', async () => {
    const { code, stdout, stderr } = await cli([])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^Usage: sqlite-efs/)
  })
})

test('--version is the version of the package', async () => {
  const { default: manifest } = (await import('../package.json', { with: { type: 'json' } })) as {
    default: { version: string }
  }
  expect(await cli(['--version'])).toMatchObject({ code: 0, stdout: `${manifest.version}\n` })
})

describe('a file .env in the working directory', () => {
  test('names file and table', async () => {
    const path = await bank()
    const cwd = scratchFolder()
    writeFileSync(join(cwd, '.env'), `DATABASE_URL="file:${path}"\n`)
    const { document } = await cliJson(['status', '--local'], { cwd })
    expect(document).toMatchObject({ file: { path, state: 'database' } })
  })

  test('is overruled by what is set already, and that by the option', async () => {
    const cwd = scratchFolder()
    writeFileSync(join(cwd, '.env'), 'DATABASE_URL=file:/nowhere/one.db\n')
    const env = { DATABASE_URL: `file:${cwd}/two.db` }
    const fromEnvironment = await cliJson(['status', '--local'], { cwd, env })
    expect(fromEnvironment.document).toMatchObject({ file: { path: `${cwd}/two.db` } })
    const fromOption = await cliJson(['status', '--local', '--url', 'three.db'], { cwd, env })
    expect(fromOption.document).toMatchObject({ file: { path: `${cwd}/three.db` } })
  })

  test('that is a folder is left alone', async () => {
    const cwd = scratchFolder()
    mkdirSync(join(cwd, '.env'))
    expect(await cli(['status', '--local', '--url', 'app.db'], { cwd })).toMatchObject({ code: 0 })
  })
})

describe('a url', () => {
  test.each([
    ['file:/mnt/efs/app.db', '/mnt/efs/app.db'],
    ['file:///mnt/efs/app.db', '/mnt/efs/app.db'],
    ['file://localhost/mnt/efs/app.db', '/mnt/efs/app.db'],
    ['file:/a%20b/%23.db', '/a b/#.db'],
    ['/mnt/../mnt/a b.db', '/mnt/a b.db'],
    ['file:./dev.db', join(process.cwd(), 'dev.db')],
    ['dev.db', join(process.cwd(), 'dev.db')],
  ])('%s is %s', (url, path) => {
    expect(pathOfUrl(url, '--url')).toBe(path)
  })

  test.each([
    '',
    'file:',
    ':memory:',
    'postgresql://x/y',
    'file:/a.db?mode=ro',
    'file:/a.db#x',
    'file://host/a.db',
    'file:/%zz',
  ])('%s is refused, as wrong usage', (url) => {
    expect(() => pathOfUrl(url, '--url')).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})
