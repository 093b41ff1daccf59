// Acquires a lease and has nothing else to do: node hold-and-end.ts
import { LocalLeaser } from '../src/index.js'

await new LocalLeaser().acquire('k')
