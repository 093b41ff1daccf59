import { access, cp, readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TARGETS } from './target.js'

const EXAMPLE = fileURLToPath(new URL('../', import.meta.url))
/** What nobody loads. */
const IDLE = new Set(['README.md', 'types', 'index.d.ts'])

/**
 * Puts `libsql`, what it depends on, and its binary for one target into `<folder>/node_modules`. They are copied from where pnpm
 * installed them by the lock file, integrity checked: the example depends on both binaries, so that pnpm installs them whatever
 * machine it runs on.
 */
export async function installLibsql(target: string, folder: string): Promise<void> {
  const modules = join(folder, 'node_modules')
  await install('libsql', EXAMPLE, modules)
  const binary = `@libsql/${target}`
  const isOurs = TARGETS.some((name) => name === target)
  // The binary for this machine is libsql's own optional dependency.
  await install(binary, isOurs ? EXAMPLE : await findPackage('libsql', EXAMPLE), modules)
}

async function install(name: string, from: string, modules: string): Promise<void> {
  const source = await findPackage(name, from)
  await cp(source, join(modules, name), { recursive: true, filter: (path) => !IDLE.has(basename(path)) })
  const { dependencies = {} } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  for (const dependency of Object.keys(dependencies)) await install(dependency, source, modules)
}

/** As Node looks for a package, but without its `exports`, which may not tell where its folder is. */
async function findPackage(name: string, from: string): Promise<string> {
  for (const modules of createRequire(join(from, 'package.json')).resolve.paths(name) ?? []) {
    const folder = join(modules, name)
    const found = await access(join(folder, 'package.json')).then(
      () => true,
      () => false,
    )
    if (found) return realpath(folder)
  }
  throw new Error(`${name} is not installed: run pnpm install`)
}
