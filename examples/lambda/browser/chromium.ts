import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'

const run = promisify(execFile)

const UNPACK = fileURLToPath(new URL('unpack-chromium.mjs', import.meta.url))

/** A Chromium that runs, and what it left behind goes with it. */
export interface RunningBrowser extends AsyncDisposable {
  readonly browser: Browser
}

/**
 * Starts a headless Chromium: that of `CHROMIUM_PATH`, or `chromium` on the `PATH`, or else the one that the npm package
 * `@sparticuz/chromium` carries, with its libraries and a font, for Linux on x64.
 *
 * @param from - `'package'` leaves out those of this machine: a picture should look the same wherever it is made
 * @throws Error saying how to have one, where there is none
 */
export async function startChromium(from: 'anywhere' | 'package' = 'anywhere'): Promise<RunningBrowser> {
  const installed = from === 'anywhere' ? (process.env['CHROMIUM_PATH'] ?? onPath('chromium')) : undefined
  if (installed !== undefined) {
    const browser = await chromium.launch({ executablePath: installed })
    return { browser, [Symbol.asyncDispose]: () => browser.close() }
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `there is no Chromium: on ${process.platform} ${process.arch}, set CHROMIUM_PATH to the binary of a Chromium or Chrome`,
    )
  }
  const folder = await mkdtemp(join(tmpdir(), 'chromium-'))
  const clear = () => rm(folder, { recursive: true, force: true })
  try {
    const browser = await chromium.launch(await unpack(folder))
    return {
      browser,
      async [Symbol.asyncDispose]() {
        await browser.close()
        await clear()
      },
    }
  } catch (error) {
    await clear()
    throw error
  }
}

function onPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

async function unpack(folder: string) {
  const { stdout } = await run(process.execPath, [UNPACK], {
    // As on Lambda: there is nothing but Node.
    env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' },
  })
  // The package's own looks for its font in /tmp alone, and without a font Chromium ends.
  const fonts = join(folder, 'fonts.conf')
  await writeFile(
    fonts,
    `<fontconfig><dir>${join(folder, 'fonts')}</dir><cachedir>${join(folder, 'fonts-cache')}</cachedir></fontconfig>`,
  )
  const env = { ...process.env, LD_LIBRARY_PATH: join(folder, 'al2023/lib'), FONTCONFIG_FILE: fonts }
  return { executablePath: stdout.trim(), env: env as Record<string, string> }
}
