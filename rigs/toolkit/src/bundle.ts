import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * Makes one module of a program and of all that it imports but what is external, which must be installed where the module is. It starts with a
 * quarter of the work that its sources take through tsx, and tsx does nothing of its own in its process.
 */
export async function bundle(program: URL, outfile: string, external: readonly string[] = ['libsql']): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(program)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@sqlite-efs/source'],
    mainFields: ['module', 'main'],
    external: [...external],
    logLevel: 'error',
    // What is CommonJS in it asks for Node's own modules by require.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  })
}
