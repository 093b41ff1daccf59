import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { deflateRawSync } from 'node:zlib'

/** A size in bytes: as it lies on the function's disk, and in the package that is uploaded. */
export interface Size {
  bytes: number
  zippedBytes: number
}

/** How large a function's package is, and what makes it so. */
export interface FunctionReport extends Size {
  folder: string
  /** By what it is: the bundle, each installed package, the migrations. */
  parts: Readonly<Record<string, Size>>
}

/** A local file header and an entry of the directory, beside the name that stands in both. */
const ZIP_HEADERS = 30 + 46

/** Measures the content of a package; zipped means deflated file by file, as a zip file is. */
export async function measure(folder: string): Promise<FunctionReport> {
  const parts: Record<string, Size> = {}
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const file of files.filter((entry) => entry.isFile())) {
    const path = join(file.parentPath, file.name)
    const name = relative(folder, path).replaceAll(sep, '/')
    const content = await readFile(path)
    const size = {
      bytes: content.length,
      zippedBytes: deflateRawSync(content).length + ZIP_HEADERS + 2 * Buffer.byteLength(name),
    }
    const part = partOf(name)
    parts[part] = add(parts[part], size)
  }
  return { folder, parts, ...Object.values(parts).reduce(add) }
}

/** The package of a file in `node_modules`, else what stands at the top. */
function partOf(name: string): string {
  return /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? name.split('/')[0]!
}

function add(a: Size | undefined, b: Size): Size {
  return { bytes: (a?.bytes ?? 0) + b.bytes, zippedBytes: (a?.zippedBytes ?? 0) + b.zippedBytes }
}
