// Acquires a lease and has nothing else to do: node hold-and-end.ts
import { LocalLeaser } from '@sqlite-efs/lease'

await new LocalLeaser().acquire('k')
