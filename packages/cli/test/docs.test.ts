import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { expect, onTestFinished, test } from 'vitest'
import { createProgram, HELP_WIDTH } from '../src/program.js'
import { cli, cliJson } from './support/cli.js'
import { bank, localLeaser, scratchFolder } from './support/scratch.js'

const PAGE = fileURLToPath(new URL('../../../docs/cli.md', import.meta.url))

/** Every command, by its words. */
const commandsOf = (command: Command, words: readonly string[] = []): string[][] => [
  ...(words.length > 0 ? [[...words]] : []),
  ...command.commands.flatMap((each) => commandsOf(each, [...words, each.name()])),
]

const commands = commandsOf(createProgram(() => undefined))

async function helpOf(words: readonly string[]): Promise<string> {
  let help = ''
  const program = createProgram(() => undefined)
  const capture = (command: Command) => {
    command.configureOutput({
      // As where no terminal limits it.
      getOutHelpWidth: () => HELP_WIDTH,
      writeOut: (text) => {
        help += text
      },
    })
    command.commands.forEach(capture)
  }
  capture(program)
  await expect(program.parseAsync([...words, '--help'], { from: 'user' })).rejects.toMatchObject({ exitCode: 0 })
  return help.trimEnd()
}

/** The first code block of the section of a command. */
const blockOf = (words: readonly string[]) =>
  new RegExp(`(## \`sqlite-efs ${words.join(' ')}\`\\n\\n\`\`\`text\\n)([\\s\\S]*?)(\\n\`\`\`\\n)`)

test.each(commands)('docs/cli.md has the help of `sqlite-efs %s %s`', async (...words) => {
  const named = words.filter((word) => word !== undefined)
  const help = await helpOf(named)
  // UPDATE_DOCS=1 writes it anew: read the difference.
  if (process.env['UPDATE_DOCS']) {
    const page = readFileSync(PAGE, 'utf8')
    writeFileSync(
      PAGE,
      page.replace(blockOf(named), (_, before: string, __, after: string) => before + help + after),
    )
  }
  expect(blockOf(named).exec(readFileSync(PAGE, 'utf8'))?.[2]).toBe(help)
})

test('the help that a process prints is that of the page', async () => {
  const { code, stdout, stderr } = await cli(['run', '--help'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(blockOf(['run']).exec(readFileSync(PAGE, 'utf8'))?.[2]).toBe(stdout.trimEnd())
})

test('every command teaches: what it needs or risks, examples, and exit codes', async () => {
  for (const words of commands.filter((each) => each.join(' ') !== 'migrate')) {
    const help = await helpOf(words)
    for (const part of [/^What it (needs|prints)/m, /^Examples:/m, /^Exit codes:/m, /--json /])
      expect(help).toMatch(part)
  }
})

/** The JSON example in the section of a command. */
function exampleOf(...words: string[]): Record<string, unknown> {
  const section =
    readFileSync(PAGE, 'utf8')
      .split(`## \`sqlite-efs ${words.join(' ')}\`\n`)[1]
      ?.split('\n## ')[0] ?? ''
  return JSON.parse(/```json\n([\s\S]*?)\n```/.exec(section)?.[1] ?? 'null') as Record<string, unknown>
}

const keysOf = (document: unknown) => Object.keys(document as object).toSorted()

test('the JSON of docs/cli.md has the fields that are printed', async () => {
  const path = await bank()
  const target = ['--local', '--url', path]
  const folder = scratchFolder()
  const migrations = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url))
  const fresh = ['--local', '--url', join(folder, 'fresh.db'), '--migrations', migrations]
  const copy = join(folder, 'copy.db')
  for (const [words, args, after] of [
    [['snapshot'], [copy, ...target], []],
    [['restore'], [copy, '--yes', ...target], []],
    [['vacuum'], target, []],
    [['migrate', 'status'], fresh, []],
    [['migrate', 'deploy'], fresh, []],
    [['run'], target, ['--', process.execPath, '-e', '']],
    [['doctor'], target, []],
    [['check'], target, []],
  ] as const) {
    const { document } = await cliJson([...words, ...args], {}, after)
    expect({ words, keys: keysOf(document) }).toEqual({ words, keys: keysOf(exampleOf(...words)) })
  }
})

test('the JSON of docs/cli.md has the fields of a status', async () => {
  const path = await bank()
  const lease = await localLeaser(path).acquire(`database#${path}`)
  onTestFinished(() => lease.release())
  const { document } = await cliJson(['status', '--local', '--url', path])
  const example = exampleOf('status')
  expect(keysOf(document)).toEqual(keysOf(example))
  expect(keysOf(document['file'])).toEqual(keysOf(example['file']))
  expect(keysOf(document['lease'])).toEqual(keysOf(example['lease']))
  const holderOf = ({ lease }: Record<string, unknown>) => (lease as { holder: object }).holder
  // The example has its line on a table, and only a line in files keeps the length of a lease.
  expect(keysOf(holderOf(document))).toEqual([...keysOf(holderOf(example)), 'ttlMs'].toSorted())
})
