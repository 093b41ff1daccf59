// pnpm torture --minutes M --workers N [--without-file-locks] [--control] [--lambda] [--seed S] [--json] [--keep]
import { runProgram } from '@sqlite-efs/toolkit/arguments'
import { type Arguments, parseArguments } from './arguments.js'
import { tortureLambda } from './lambda/lambda-torture.js'
import { tableOf } from './table.js'
import { torture } from './torture.js'
import { Stopped } from './worker/observation.js'

async function main({ options, isLambda, json }: Arguments): Promise<number> {
  try {
    const onProgress = (line: string) => console.error(line)
    const run = isLambda ? tortureLambda : torture
    const { report, folder } = await run({ ...options, onProgress, signal: stopSignal() })
    console.log(json ? JSON.stringify(report, null, 2) : tableOf(report))
    const isClean = report.details.length === 0
    if (folder) {
      console.error(`${isClean ? 'All went well' : 'Something was violated'}. File, logs and faults are in ${folder}`)
    }
    return isClean ? 0 : 1
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    console.error('Stopped before its time: nothing was checked.')
    return 130
  }
}

/** For who is told to end has others to end, some of them frozen. The second time it ends at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  return stop.signal
}

process.exitCode = await runProgram(() => parseArguments(process.argv.slice(2)), main)
