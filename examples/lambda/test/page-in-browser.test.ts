import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { useBrowsers } from './browsers.js'
import { useService } from './service.js'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const service = useService()
const browsers = useBrowsers(() => service.stage)

const choose = (page: Page, number: number) => page.getByRole('radio', { name: `Seat ${number}`, exact: true }).check()
const press = (page: Page) => page.getByRole('button').click()
const name = (page: Page) => page.getByLabel('Your name')

/** Resolves when the page says so. */
const says = (page: Page, text: string) => page.getByRole('status').getByText(text).waitFor()
const shows = (page: Page, number: number, state: string) =>
  page.locator(`label[data-state="${state}"]:has(input[value="${number}"])`).waitFor()
const isLive = (page: Page) => page.getByText('Live', { exact: true }).waitFor()

/** What calls it waits until so many have. */
function barrier(count: number): () => Promise<void> {
  let missing = count
  let open: () => void
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return () => {
    if (--missing === 0) open()
    return opened
  }
}

const bookings = (eventId: string) => service.prisma.booking.findMany({ where: { eventId } })

test('a hundred seats are shown, and one that is booked is yours, also after the page is loaded again', async () => {
  const page = await browsers.open(await service.event('gala', 100))
  expect(await page.getByRole('radio').count()).toBe(100)
  await choose(page, 42)
  await name(page).fill('Ada')
  expect(await page.getByRole('button').textContent()).toBe('Book seat 42 for 45.00')
  await press(page)
  await says(page, 'Seat 42 is yours.')
  await shows(page, 42, 'yours')
  expect(await bookings('gala')).toMatchObject([{ seatNumber: 42, buyer: 'Ada', price: 4500n }])
  await page.locator('#free').getByText('99', { exact: true }).waitFor()
  await page.reload()
  await shows(page, 42, 'yours')
  await says(page, 'Seat 42 is yours.')
})

test('a seat that is booked in one browser is taken in another, which has not loaded its page again', async () => {
  const eventId = await service.event('live', 20)
  const [ada, bob] = [await browsers.open(eventId), await browsers.open(eventId)]
  await bob.waitForResponse((response) => response.url().endsWith('/seats') && response.status() === 304)
  const loaded = await bob.evaluate(() => performance.timeOrigin)
  await choose(ada, 7)
  await name(ada).fill('Ada')
  await press(ada)
  await shows(bob, 7, 'taken')
  expect(await bob.getByRole('radio', { name: 'Seat 7, taken' }).isDisabled()).toBe(true)
  await bob.locator('#free').getByText('19', { exact: true }).waitFor()
  expect(await bob.evaluate(() => performance.timeOrigin)).toBe(loaded)
})

test('of two browsers that race for the last seat one is told yes, and the other plainly that it is gone', async () => {
  const eventId = await service.event('last', 1)
  const pages = [
    await browsers.open(eventId, {}, /status of 409/),
    await browsers.open(eventId, {}, /status of 409/),
  ] as const
  // Both ask before either is answered.
  const bothAsk = barrier(pages.length)
  for (const page of pages) {
    await page.route('**/bookings', async (route) => {
      await bothAsk()
      await route.continue()
    })
    await choose(page, 1)
    await name(page).fill('Ada')
  }
  await Promise.all(pages.map(press))
  const told = await Promise.all(
    pages.map((page) =>
      Promise.any([
        says(page, 'Seat 1 is yours.').then(() => 'yes'),
        says(page, 'Seat 1 has just gone to somebody else. Nothing was booked for you.').then(() => 'gone'),
      ]),
    ),
  )
  expect(told.toSorted()).toEqual(['gone', 'yes'])
  expect(await bookings(eventId)).toHaveLength(1)
  const [winner, loser] = told[0] === 'yes' ? pages : [pages[1], pages[0]]
  await shows(winner, 1, 'yours')
  await shows(loser, 1, 'taken')
  for (const page of pages) await page.getByRole('button', { name: 'Sold out' }).waitFor()
})

describe('a booking whose answer does not come', () => {
  test('is asked for again with the same id, and was made once', async () => {
    const eventId = await service.event('lost', 3)
    const page = await browsers.open(eventId, {}, /net::ERR_FAILED/)
    const ids: unknown[] = []
    await page.route('**/bookings', async (route) => {
      ids.push((route.request().postDataJSON() as { id: string }).id)
      // It gets there, and is booked; the answer is lost.
      if (ids.length === 1) {
        await route.fetch()
        await route.abort()
      } else await route.continue()
    })
    await choose(page, 2)
    await name(page).fill('Ada')
    await press(page)
    await says(page, 'No answer yet.')
    await shows(page, 2, 'asked')
    await says(page, 'Seat 2 is yours.')
    expect(ids).toHaveLength(2)
    expect(await bookings(eventId)).toMatchObject([{ id: ids[0] }])
    expect(ids[1]).toBe(ids[0])
  })

  test('is asked for again when the service is too busy', async () => {
    const eventId = await service.event('busy', 3)
    const page = await browsers.open(eventId, {}, /status of 503/)
    await choose(page, 2)
    await name(page).fill('Ada')
    const lease = await service.stage.leaser.acquire(service.stage.leaseKey)
    try {
      await press(page)
      await says(page, 'Many are booking right now.')
      await shows(page, 2, 'asked')
    } finally {
      await lease.release()
    }
    await says(page, 'Seat 2 is yours.')
    expect(await bookings(eventId)).toHaveLength(1)
  })
})

test('only the service’s own yes is a yes, and only its own words are shown', async () => {
  const eventId = await service.event('between', 3)
  const page = await browsers.open(eventId, {}, /status of 403/)
  let asked = 0
  await page.route('**/bookings', (route) =>
    ++asked === 1
      ? route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>Log in to this network</h1>' })
      : route.fulfill({ status: 403, json: { Message: 'Forbidden' } }),
  )
  await choose(page, 2)
  await name(page).fill('Ada')
  await press(page)
  await says(page, 'No answer yet.')
  await shows(page, 2, 'asked')
  await says(page, 'Nothing was booked: the answer was 403.')
  await shows(page, 2, 'free')
})

test('the keyboard is enough, and a seat that is lost while it is chosen leaves the focus in the grid', async () => {
  const eventId = await service.event('keys', 30)
  const page = await browsers.open(eventId)
  await isLive(page)
  const keys = async (...pressed: string[]) => {
    for (const key of pressed) await page.keyboard.press(key)
  }
  const focused = () => page.locator(':focus').inputValue()
  await keys('Tab', 'Space', 'ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowUp')
  expect(await focused()).toBe('12')
  await service.send('POST', '/bookings', { eventId, seat: 12, buyer: 'Eve' })
  await says(page, 'Seat 12 has just gone to somebody else.')
  expect(await focused()).toBe('11')
  await keys('ArrowRight')
  expect(await focused()).toBe('13')
  await keys('Tab')
  await page.keyboard.type('Ada')
  await keys('Enter')
  await says(page, 'Seat 13 is yours.')
})

test('nothing is asked for while nobody can see the page', async () => {
  const eventId = await service.event('hidden', 3)
  const page = await browsers.open(eventId)
  await isLive(page)
  await page.clock.install()
  await page.reload()
  await isLive(page)
  let asked = 0
  page.on('request', () => asked++)
  const hide = (hidden: boolean) =>
    page.evaluate(`
      Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} })
      document.dispatchEvent(new Event('visibilitychange'))
    `)
  await hide(true)
  await page.getByText('Paused').waitFor()
  await page.clock.runFor(60_000)
  expect(asked).toBe(0)
  await service.send('POST', '/bookings', { eventId, seat: 2, buyer: 'Eve' })
  await hide(false)
  await shows(page, 2, 'taken')
})

test('a page without its connection says so, and is live again with it', async () => {
  const page = await browsers.open(await service.event('offline', 3), {}, /ERR_INTERNET_DISCONNECTED/)
  await isLive(page)
  await page.context().setOffline(true)
  await page.getByText('No connection').waitFor()
  await page.context().setOffline(false)
  await isLive(page)
})

test('without JavaScript the page can be read, and a seat booked', async () => {
  const eventId = await service.event('plain', 3)
  const page = await browsers.open(eventId, { javaScriptEnabled: false })
  await page.locator('input[value="2"]').check()
  await name(page).fill('Ada')
  await press(page)
  await says(page, 'Seat 2 is yours.')
  expect(await bookings(eventId)).toMatchObject([{ seatNumber: 2, buyer: 'Ada' }])
})

test.each(['light', 'dark'] as const)(
  'axe finds nothing wrong in the %s page, nor is it too wide for a phone',
  async (colorScheme) => {
    const eventId = await service.event(colorScheme, 100)
    await service.send('POST', '/bookings', { eventId, seat: 2, buyer: 'Eve' })
    const page = await browsers.open(eventId, {
      colorScheme,
      viewport: { width: 320, height: 640 },
      reducedMotion: 'reduce',
    })
    await choose(page, 1)
    await name(page).fill('Ada')
    await press(page)
    await shows(page, 1, 'yours')
    await choose(page, 3)
    await page.evaluate(AXE)
    const { violations } = await page.evaluate<AxeResults>('axe.run()')
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
  },
)
