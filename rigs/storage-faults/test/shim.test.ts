import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fault, FaultControl, preloaded, readRecording } from '../src/index.js'
import { useShim } from './support/shim.js'

const shim = useShim()

describe.skipIf('missing' in shim)('a process with the library preloaded', () => {
  const folder = folderUntil(afterAll)
  let control: FaultControl

  beforeAll(() => {
    control = new FaultControl(join(folder, 'control'))
  })

  afterAll(() => {
    control.close()
  })

  /** Runs a script that has `fs` and `folder`; what it returns comes out. */
  function run(script: string): { result: unknown; signal: NodeJS.Signals | null } {
    if ('missing' in shim) throw new Error(shim.missing)
    const source = `
      const fs = require('node:fs'), folder = ${JSON.stringify(folder)}
      const attempt = (action) => { try { return action() } catch (error) { return error.code } }
      process.stdout.write(JSON.stringify((() => { ${script} })() ?? null))`
    const env = preloaded({
      library: shim.library,
      folder,
      control: join(folder, 'control'),
      recording: join(folder, 'recording'),
    })
    const { stdout, signal, stderr } = spawnSync(process.execPath, ['-e', source], { encoding: 'utf8', env })
    if (stderr) throw new Error(stderr)
    return { result: stdout === '' ? undefined : JSON.parse(stdout), signal }
  }

  const SCRIPTS: [Fault, string, unknown][] = [
    [
      { kinds: ['write'], skip: 1, error: 'ENOSPC', match: 'data' },
      `const file = fs.openSync(folder + '/data', 'w'); const write = () => attempt(() => fs.writeSync(file, 'x', 0))
       return [write(), write(), write()]`,
      [1, 'ENOSPC', 1],
    ],
    [
      { kinds: ['read'], bytes: 2, match: 'data' },
      `fs.writeFileSync(folder + '/data', 'abcd'); const file = fs.openSync(folder + '/data', 'r'); const read = () => fs.readSync(file, Buffer.alloc(4), 0, 4, 0)
       return [read(), read()]`,
      [2, 4],
    ],
    [
      { kinds: ['write'], bytes: 3, times: 2, error: 'EIO', match: 'data' },
      `const file = fs.openSync(folder + '/data', 'w'); const write = () => attempt(() => fs.writeSync(file, 'abcd', 0))
       return [write(), write()]`,
      // After a short write Node writes the rest, which fails, and answers with what was written.
      [3, 4],
    ],
    [
      { kinds: ['open'], error: 'EACCES', match: 'data' },
      `return [attempt(() => fs.openSync(folder + '/data', 'w')), attempt(() => fs.closeSync(fs.openSync(folder + '/data', 'w')))]`,
      ['EACCES', null],
    ],
    [
      { kinds: ['sync', 'truncate'], times: 2, error: 'EIO' },
      `const file = fs.openSync(folder + '/data', 'w'); return [attempt(() => fs.fsyncSync(file)), attempt(() => fs.ftruncateSync(file, 0)), attempt(() => fs.fsyncSync(file))]`,
      ['EIO', 'EIO', null],
    ],
    [
      { kinds: ['link', 'rename', 'unlink'], times: 3, error: 'EIO' },
      `fs.writeFileSync(folder + '/data', ''); const [a, b] = ['/data', '/other'].map((name) => folder + name)
       return [attempt(() => fs.linkSync(a, b)), attempt(() => fs.renameSync(a, b)), attempt(() => fs.unlinkSync(a)), attempt(() => fs.unlinkSync(a))]`,
      ['EIO', 'EIO', 'EIO', null],
    ],
    [
      { kinds: ['mkdir', 'access', 'list', 'rmdir'], times: 4, error: 'EACCES', match: 'made' },
      `const made = folder + '/made'
       return [attempt(() => fs.mkdirSync(made)), fs.existsSync(made), attempt(() => fs.readdirSync(made)), attempt(() => fs.rmdirSync(made)), attempt(() => fs.mkdirSync(made)), fs.existsSync(made), fs.readdirSync(made), attempt(() => fs.rmdirSync(made))]`,
      ['EACCES', false, 'EACCES', 'EACCES', null, true, [], null],
    ],
    [
      { kinds: ['rename', 'unlink'], times: 2, error: 'EIO', action: 'fail late' },
      `fs.writeFileSync(folder + '/data', ''); const [a, b] = ['/data', '/other'].map((name) => folder + name)
       return [attempt(() => fs.renameSync(a, b)), fs.existsSync(a), attempt(() => fs.unlinkSync(b)), fs.existsSync(b)]`,
      ['EIO', false, 'EIO', false],
    ],
  ]

  test.each(SCRIPTS)('meets exactly the fault that was armed: %o', (fault, script, wanted) => {
    control.arm(fault)
    expect(run(script).result).toEqual(wanted)
    expect(control.seen().fired).toBe(fault.times ?? 1)
  })

  test('is killed before the call that was named', () => {
    control.arm({ kinds: ['write'], skip: 1, action: 'kill', match: 'data' })
    const { signal } = run(
      `const file = fs.openSync(folder + '/data', 'w'); fs.writeSync(file, 'a', 0); fs.writeSync(file, 'b', 0)`,
    )
    expect(signal).toBe('SIGKILL')
    expect(readFileSync(join(folder, 'data'), 'utf8')).toBe('a')
  })

  test('has recorded what took effect, in order, and not what failed', () => {
    control.arm({ kinds: ['write'], skip: 1, error: 'EIO', match: 'data' })
    rmSync(join(folder, 'data'), { force: true })
    control.record(true)
    run(`
      const a = folder + '/data', b = folder + '/name', file = fs.openSync(a, 'w')
      fs.writeSync(file, 'one', null, 'utf8'); attempt(() => fs.writeSync(file, 'lost', 100)); fs.writeSync(file, Buffer.from('two'), 0, 3, 7)
      fs.fsyncSync(file); fs.ftruncateSync(file, 5); fs.linkSync(a, b); fs.unlinkSync(a); fs.renameSync(b, a)
      fs.fsyncSync(fs.openSync(folder, 'r'))`)
    control.record(false)
    const short = readRecording(join(folder, 'recording')).map(({ call, path, to, offset, data }) =>
      [call, path.slice(folder.length), to.slice(folder.length), offset, data.toString()].join(' '),
    )
    expect(short).toEqual([
      'create /data  0 ',
      'truncate /data  0 ',
      'write /data  0 one',
      'write /data  7 two',
      'sync /data  0 ',
      'truncate /data  5 ',
      'link /data /name 0 ',
      'unlink /data  0 ',
      'rename /name /data 0 ',
      'sync   0 ',
    ])
  })
})
