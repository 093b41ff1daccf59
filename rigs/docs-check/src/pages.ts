import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The top of the repository. */
export const TOP = fileURLToPath(new URL('../../../', import.meta.url))

/** A Markdown page, by its path from the top. */
export interface Page {
  path: string
  text: string
}

/** The pages for users: of the top, of docs/, and of each package and example. */
export function readPages(): Page[] {
  const folders = ['.', 'docs', ...foldersIn('packages'), ...foldersIn('rigs'), ...foldersIn('examples')]
  return folders
    .filter((folder) => existsSync(join(TOP, folder)))
    .flatMap((folder) => readdirSync(join(TOP, folder)).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.md'))
    .map((path) => ({ path, text: readFileSync(join(TOP, path), 'utf8') }))
}

function foldersIn(parent: string): string[] {
  return readdirSync(join(TOP, parent)).map((name) => join(parent, name))
}
