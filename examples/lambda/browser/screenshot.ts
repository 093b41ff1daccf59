// The picture of the page in README.md: the service on the local Lambda, some seats sold, one of them to who looks at it.
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seed, setStage } from '../demo/stage.js'
import { startChromium } from './chromium.js'
import { serve } from './served.js'

const FILE = fileURLToPath(new URL('../../../docs/images/booking-page.png', import.meta.url))
const EVENT = 'opening-night'
const SOLD = [
  4, 5, 6, 7, 13, 14, 15, 16, 17, 18, 23, 24, 25, 26, 27, 28, 33, 34, 35, 36, 37, 44, 45, 46, 47, 56, 57, 62, 63, 71,
  88, 89,
]

await using stage = await setStage()
await seed(stage, { id: EVENT, seats: 100 })
await using served = await serve(stage, () => undefined)
for (const seat of SOLD) {
  const { status } = await fetch(new URL('bookings', served.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ eventId: EVENT, seat, buyer: `buyer ${seat}` }),
  })
  if (status !== 201) throw new Error(`seat ${seat} was answered ${status}`)
}

await using running = await startChromium('package')
const page = await running.browser.newPage({ viewport: { width: 1060, height: 880 }, reducedMotion: 'reduce' })
await page.goto(served.url)
await page.getByRole('radio', { name: 'Seat 54', exact: true }).check()
await page.getByLabel('Your name').fill('Ada Lovelace')
await page.getByRole('button').click()
await page.getByText('Seat 54 is yours.').waitFor()
await page.getByRole('radio', { name: 'Seat 55', exact: true }).check()
await page.getByText('Live', { exact: true }).waitFor()
await page.mouse.move(0, 0)
await mkdir(dirname(FILE), { recursive: true })
await page.screenshot({ path: FILE, animations: 'disabled', fullPage: true })
console.log(FILE)
