import { runProgram } from '@sqlite-efs/toolkit/arguments'
import { type Arguments, parseArguments } from './arguments.js'
import { livenessReport } from './liveness.js'
import { mutants } from './mutants.js'
import { simulationWith } from './mutate.js'
import { failureReport, traceLines } from './report.js'
import { shrink } from './shrink.js'
import { simulate } from './simulation.js'

const PROGRESS_MS = 5_000

async function main(parsed: Arguments): Promise<number> {
  if (parsed.command === 'liveness') {
    console.log(await livenessReport())
    return 0
  }
  const mutant = mutants.find(({ name }) => name === parsed.mutant)
  if (parsed.mutant !== undefined && !mutant) {
    console.error(`There is no mutant ${parsed.mutant}, but ${mutants.map(({ name }) => name).join('; ')}`)
    return 2
  }
  const run = mutant ? await simulationWith(mutant) : simulate
  const options = { ...mutant?.options, ...parsed.options }
  return parsed.trace ? showOne({ ...parsed, options }, run) : runMany({ ...parsed, options }, run)
}

async function showOne({ options, keep }: Arguments, run: typeof simulate): Promise<number> {
  const { trace, violation, hash } = await run({ ...options, trace: true, ...(keep && { keep }) })
  console.log(traceLines(trace).join('\n'))
  console.log(violation ? `\nViolates "${violation.rule}": ${violation.message}` : `\nViolates nothing. ${hash}`)
  return violation ? 1 : 0
}

async function runMany({ options, runs, mutant }: Arguments, run: typeof simulate): Promise<number> {
  const totals: Record<string, number> = {}
  const startedMs = performance.now()
  let [reportedMs, closest] = [startedMs, 0]
  for (let done = 0; done < runs; done++) {
    const seed = options.seed + done
    const { violation, counts, calm } = await run({ ...options, seed })
    if (violation) {
      console.error(`\nSeed ${seed} violates "${violation.rule}". Making it small ...`)
      console.log(failureReport({ ...options, seed }, await shrink({ ...options, seed }, run), mutant))
      return 1
    }
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
    closest = Math.max(closest, calm.longestMs / calm.boundMs)
    const nowMs = performance.now()
    if (nowMs - reportedMs < PROGRESS_MS) continue
    reportedMs = nowMs
    const perSecond = ((done + 1) / (nowMs - startedMs)) * 1000
    console.error(`${done + 1} of ${runs} runs, ${perSecond.toFixed(0)} a second`)
  }
  const seconds = (performance.now() - startedMs) / 1000
  const sum = Object.entries(totals).map(([name, count]) => `${count} ${name}`)
  console.log(`${runs} runs from seed ${options.seed} in ${seconds.toFixed(0)} s, no violation: ${sum.join(', ')}.`)
  console.log(`The longest wait after a storm was ${(closest * 100).toFixed(0)} % of its bound.`)
  return 0
}

process.exitCode = await runProgram(() => parseArguments(process.argv.slice(2)), main)
