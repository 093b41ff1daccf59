import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { App } from 'aws-cdk-lib'
import { expect, test } from 'vitest'
import { request } from '../demo/request.js'
import { readSettings } from '../infra/settings.js'
import { openEvent } from '../src/new-event.js'
import { createRouter } from '../src/router.js'
import { synthesize } from './infra/template.js'
import { useService } from './service.js'

const EXAMPLE = fileURLToPath(new URL('../', import.meta.url))
const TOP = fileURLToPath(new URL('../../../', import.meta.url))
const PAGE = readFileSync(join(TOP, 'docs/deploy.md'), 'utf8')
const PACKAGE = JSON.parse(readFileSync(join(EXAMPLE, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
const FILTER = ['pnpm', '--filter', '@sqlite-efs/example-lambda']

/** Instead of what needs an account it writes down what was called, with what. */
const RECORDER = `
record() { printf '%s\\037' "$@" >> "$RECORD"; echo >> "$RECORD"; }
pnpm() { record pnpm "$@"; }
curl() { record curl "$@"; }
cat() { record cat "$@"; }
aws() { record aws "$@"; shift $(($# - 1)); printf '%s' "$1"; }
`

const commands = recordCommands()

/** The commands of the page's blocks, in their order, as the shell reads them. */
function recordCommands(): string[][] {
  const blocks = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code]) => code)
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-efs-deploy-page-'))
  try {
    const record = join(folder, 'record')
    const env = { PATH: process.env['PATH'], RECORD: record }
    const { status, stderr } = spawnSync('sh', ['-eu', '-c', RECORDER + blocks.join('\n')], { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`the page's commands end with ${status}: ${stderr}`)
    const lines = readFileSync(record, 'utf8').split('\x1f\n')
    return lines.filter((line) => line !== '').map((line) => line.split('\x1f'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the page gives to a script of the example. */
const calls = commands
  .filter((command) => FILTER.every((word, index) => command[index] === word))
  .map((command) => command.slice(FILTER.length))
  .map(([first = '', ...rest]) => (first === 'run' ? rest : [first, ...rest]))

/** Runs a script of the package, without the generation of the client before it, which the tests have behind them. */
async function run(script: string, args: readonly string[] = []): Promise<string> {
  const command = PACKAGE.scripts[script]
    ?.replace(/ --generate \S+/, '')
    .split(' && ')
    .at(-1)
  const bins = [join(EXAMPLE, 'node_modules/.bin'), join(TOP, 'node_modules/.bin'), process.env['PATH']]
  const env = { ...process.env, PATH: bins.join(delimiter) }
  const options = { cwd: EXAMPLE, env }
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', `${command} "$@"`, 'sh', ...args], options)
  return stdout + stderr
}

test('each command is a script of the example, or one that needs an account', () => {
  expect(commands.length).toBeGreaterThan(15)
  const scripts = calls.map(([name]) => name)
  expect(scripts.filter((name) => name !== 'exec' && !Object.hasOwn(PACKAGE.scripts, name ?? ''))).toEqual([])
  expect(new Set(scripts)).toEqual(new Set(['synth', 'bundle', 'exec', 'deploy', 'diff', 'load', 'destroy']))
  expect(calls.filter(([name]) => name === 'exec')).toEqual([['exec', 'cdk', 'bootstrap']])
  const others = commands.filter(([program]) => program === 'pnpm').length - calls.length
  expect(others).toBe(0)
})

test('each setting is one that the app takes, with a value that it takes, and the table has them all', () => {
  const given = calls.flatMap((call) => call.filter((_, index) => call[index - 1] === '-c'))
  expect(given.length).toBeGreaterThan(2)
  const settings = Object.keys(readSettings(new App().node))
  for (const [name = '', value] of given.map((text) => text.split('='))) {
    expect(settings).toContain(name)
    expect(() => readSettings(new App({ context: { [name]: value } }).node)).not.toThrow()
  }
  const rows = PAGE.split('| setting |')[1]?.split('\n\n')[0] ?? ''
  expect([...rows.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name).toSorted()).toEqual(settings.toSorted())
})

test('each output that is asked for is one of the stack', () => {
  const asked = [...JSON.stringify(commands).matchAll(/OutputKey=='(\w+)'/g)].map(([, name]) => name)
  expect(asked.length).toBeGreaterThan(3)
  expect(Object.keys(synthesize().findOutputs('*'))).toEqual(expect.arrayContaining(asked))
})

test('synth writes the template, and deploy makes the same', async () => {
  rmSync(join(EXAMPLE, 'cdk.out'), { recursive: true, force: true })
  expect(await run('synth')).toContain('cdk.out/SqliteEfsBooking.template.json')
  const template = readFileSync(join(EXAMPLE, 'cdk.out/SqliteEfsBooking.template.json'), 'utf8')
  expect(template).toContain('AWS::EFS::FileSystem')
  const { app } = JSON.parse(readFileSync(join(EXAMPLE, 'cdk.json'), 'utf8')) as { app: string }
  const program = (command: string | undefined) => command?.split(' ').at(-1)
  expect(program(PACKAGE.scripts['synth'])).toBe(program(app))
  expect(program(app)).toBe('infra/main.ts')
})

test('synth takes the settings as deploy does, and refuses a wrong one', async () => {
  await run('synth', ['-c', 'publicUrl=false', '-c', 'reservedConcurrency=7'])
  const template = readFileSync(join(EXAMPLE, 'cdk.out/SqliteEfsBooking.template.json'), 'utf8')
  expect(template).toContain('"AuthType": "AWS_IAM"')
  expect(template).toContain('"ReservedConcurrentExecutions": 7')
  await expect(run('synth', ['-c', 'publicURL=false'])).rejects.toThrow('-c publicURL: there is no such setting')
})

test('bundle prints how large the packages are', async () => {
  expect(await run('bundle')).toMatch(/^api \(linux-arm64-gnu\) +\d+\.\d\d MB, zipped +\d+\.\d\d MB$/m)
})

const service = useService()

test('the event that is opened by hand is the one that the load test books', async () => {
  const payload = commands.find((command) => command.includes('--payload'))
  const input = JSON.parse(payload?.[payload.indexOf('--payload') + 1] ?? '') as { id: string }
  expect(await openEvent(service.prisma, input)).toMatchObject({ seats: 10_000 })
  await using front = await serve()
  const [, ...args] = calls.find(([name]) => name === 'load') ?? []
  const here = args.map((arg) => arg.replace(/^Stacks.*OutputValue/, front.url))
  const short = here.map((arg, index) => (here[index - 1] === '--duration' ? '1' : arg))
  expect(await run('load', short)).toMatch(/201/)
  expect(await service.prisma.booking.count({ where: { eventId: input.id } })).toBeGreaterThan(0)
})

/** The service at a URL that ends as a function's does. */
async function serve() {
  const route = createRouter(service.prisma)
  const server = createServer((incoming, answer) => {
    void text(incoming)
      .then((body) => route(request(incoming.method ?? '', incoming.url ?? '', body)))
      .then((result) => answer.writeHead(result.statusCode ?? 200).end(result.body))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}

test('the bill of the page adds up', () => {
  const bill = PAGE.split('| | arithmetic | $ |')[1]?.split('\n\n')[0] ?? ''
  const rows = [...bill.matchAll(/^\| \**([^|*]+)\** \| (.*) ?\| \**([\d.]+)/gm)]
  const amounts = Object.fromEntries(rows.map(([, name = '', , amount]) => [name.trim(), Number(amount)]))
  const {
    'all, bursting': bursting,
    'all, elastic': elastic,
    'EFS throughput, elastic': throughput = 0,
    ...lines
  } = amounts
  expect(Object.keys(lines)).toHaveLength(10)
  const sum = Object.values(lines).reduce((total, amount) => total + amount)
  expect([bursting?.toFixed(2), elastic?.toFixed(2)]).toEqual([sum.toFixed(2), (sum + throughput).toFixed(2)])
  const products = rows.map(([, name, arithmetic = '', amount]) => ({ name, amount, factors: factorsIn(arithmetic) }))
  for (const { name, amount, factors } of products.filter(({ factors }) => factors.length > 0)) {
    const total = factors.reduce((result, [count, price]) => result + count * price, 0)
    expect({ name, total: total.toFixed(2) }).toEqual({ name, total: amount })
  }
})

/** The numbers of `244 GB written × 0.06 + 1 million × 0.20`. */
function factorsIn(arithmetic: string): [count: number, price: number][] {
  const products = arithmetic.matchAll(/([\d.,]+)[^×+;:]* × ([\d.]+\d)/g)
  return [...products].map(([, count = '', price]) => [Number(count.replaceAll(',', '')), Number(price)])
}
