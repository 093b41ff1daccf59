// Makes the script of the page one text, src/generated/page-script.ts, which the page carries in itself.
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const from = fileURLToPath(new URL('../src/page/browser/main.ts', import.meta.url))
const folder = new URL('../src/generated/', import.meta.url)
const { outputFiles } = await build({
  entryPoints: [from],
  bundle: true,
  format: 'iife',
  minify: true,
  target: 'es2022',
  write: false,
})
const [{ text }] = outputFiles
await mkdir(folder, { recursive: true })
await writeFile(
  new URL('page-script.ts', folder),
  `// Made of src/page/browser by \`pnpm generate\`.\nexport const script = ${JSON.stringify(text)}\n`,
)
