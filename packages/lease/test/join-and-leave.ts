// A process of its own: joins and leaves a line in files, for ever. Arguments: directory, key.
import { FileLineStore } from '../src/local/file-store.js'
import { systemRandom } from '../src/time/random.js'

const [directory = '', key = ''] = process.argv.slice(2)
const store = new FileLineStore(directory, systemRandom)

for (let changes = 0; ; changes++) {
  await store.join(key, { id: `${process.pid}`, owner: 'a child', aliveUntilMs: 1000 })
  await store.leave(key, `${process.pid}`)
  if (changes % 200 === 0) {
    process.stdout.write('.')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
