import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Who was started with `text` in its environment, and is still there. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text)
    } catch {
      return false
    }
  })
}

test('a run that is ended by Ctrl-C leaves no process, frozen ones included, and no file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stopped-'))
  const words = ['--minutes', '2', '--workers', '2', '--freeze-every-ms', '150', '--kill-every-ms', '100000000']
  const run = spawn(process.execPath, ['--conditions=@sqlite-efs/source', '--import', 'tsx', MAIN, ...words], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  try {
    await new Promise<void>((resolve, reject) => {
      let said = ''
      run.on('exit', () => reject(new Error(said)))
      run.stderr.on('data', (text: Buffer) => {
        said += text.toString()
        if (/[1-9]\d* freezes/.test(said)) resolve()
      })
    })
    expect(processesWith(`${folder}/torture-`).length).toBeGreaterThan(2)
    const ended = once(run, 'exit')
    run.kill('SIGINT')
    expect(await ended).toEqual([130, null])
    expect(processesWith(`${folder}/torture-`)).toEqual([])
    expect(readdirSync(folder).filter((name) => name.startsWith('torture-'))).toEqual([])
  } finally {
    run.kill('SIGKILL')
    for (const pid of processesWith(`${folder}/torture-`)) process.kill(Number(pid), 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
})
