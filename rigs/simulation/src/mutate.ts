import { mkdirSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { Mutant } from './mutants.js'
import type { simulate } from './simulation.js'

const PACKAGES = fileURLToPath(new URL('../../../packages/', import.meta.url))
/** Where what is not bundled (dynalite, the AWS SDK) can be found from. */
const OUT = fileURLToPath(new URL('../node_modules/.mutants/', import.meta.url))

/**
 * The simulation of the real source with something changed in it. Each place must be found exactly once: who changes the
 * source has to look at the mutant too.
 */
export async function simulationWith(mutant: Pick<Mutant, 'name' | 'file' | 'edits'>): Promise<typeof simulate> {
  const changed = PACKAGES + mutant.file
  const contents = await mutate(changed, mutant)
  mkdirSync(OUT, { recursive: true })
  const outfile = `${OUT}${process.pid}-${mutant.name.replace(/\W+/g, '-')}.mjs`
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('simulation.ts', import.meta.url))],
    outfile,
    bundle: true,
    metafile: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
    conditions: ['@sqlite-efs/source'],
    external: ['dynalite/*', '@aws-sdk/*', 'libsql'],
    plugins: [
      {
        name: 'mutant',
        setup(bundler) {
          bundler.onLoad({ filter: /\.ts$/ }, ({ path }) => {
            return path === changed ? { contents, loader: 'ts' } : undefined
          })
        },
      },
    ],
  })
  const [output] = Object.values(metafile.outputs)
  if (
    !Object.entries(output?.inputs ?? {}).some(
      ([path, { bytesInOutput }]) => resolve(path) === changed && bytesInOutput > 0,
    )
  )
    throw new Error(`${mutant.file} is not part of the simulation: ${mutant.name} changes nothing`)
  try {
    const module = (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as { simulate: typeof simulate }
    return module.simulate
  } finally {
    await rm(outfile)
  }
}

async function mutate(path: string, { name, edits }: Pick<Mutant, 'name' | 'edits'>): Promise<string> {
  let source = await readFile(path, 'utf8')
  for (const { find, replace } of edits) {
    const times = source.split(find).length - 1
    if (times !== 1)
      throw new Error(`The mutant "${name}" finds its place in ${path} ${times} times, not once: ${find}`)
    source = source.replace(find, () => replace)
  }
  return source
}
