import { readSync, writeSync } from 'node:fs'

/** Reads `bytes` bytes, however few of them one call returns; fewer where the file ends. */
export function readFully(descriptor: number, position: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(bytes)
  let done = 0
  for (let read = 1; done < bytes && read > 0; done += read) {
    read = readSync(descriptor, buffer, done, bytes - done, position + done)
  }
  return buffer.subarray(0, done)
}

/** Writes all of it, however little of it one call takes. */
export function writeFully(descriptor: number, position: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done)
  }
}
