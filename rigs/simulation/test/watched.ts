import { simulate } from '../src/simulation.js'

/** Run as a process of its own: says what of the real time and chance of this machine a simulation asks for. */
const asked = new Set<string>()
const watch = (holder: object, name: string, label: string) => {
  const real = Reflect.get(holder, name) as (...args: unknown[]) => unknown
  Reflect.set(holder, name, (...args: unknown[]) => {
    asked.add(label)
    return real.apply(holder, args)
  })
}
// tsx, which from Node 22 on works in this thread, looks at the time when it begins.
await simulate({ seed: 1 })
watch(Math, 'random', 'Math.random')
watch(Date, 'now', 'Date.now')
watch(performance, 'now', 'performance.now')
watch(globalThis, 'setTimeout', 'setTimeout')
watch(globalThis, 'setInterval', 'setInterval')
watch(crypto, 'getRandomValues', 'crypto.getRandomValues')
if (process.argv.includes('--ask')) Math.random()
for (let seed = 1; seed <= 20; seed++) await simulate({ seed })
console.log(JSON.stringify([...asked]))
