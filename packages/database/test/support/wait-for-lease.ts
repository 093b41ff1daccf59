// Another process: stands in line for a lease that is kept in files, says so, and gives it back as soon as it has it.
import { LocalLeaser } from '@sqlite-efs/lease'

const [directory = '', key = '', options = '{}'] = process.argv.slice(2)
const onEvent = ({ type }: { type: string }) => void process.stdout.write(`${type}\n`)
const leaser = new LocalLeaser({ directory, ...(JSON.parse(options) as object), onEvent })
await (await leaser.acquire(key)).release()
