import { createHash, randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { request } from '../demo/request.js'
import { createRouter } from '../src/router.js'
import { useService } from './service.js'

const service = useService()

beforeEach(async () => {
  await service.prisma.booking.deleteMany()
  await service.prisma.event.deleteMany()
})

interface Sent {
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: string
}

async function send(method: string, path: string, { query = {}, headers = {}, body }: Sent = {}) {
  const event = { ...request(method, path, body), rawQueryString: new URLSearchParams(query).toString(), headers }
  const { statusCode, headers: answered = {}, body: text = '' } = await createRouter(service.prisma)(event)
  return { status: statusCode, headers: answered as Record<string, string>, text }
}

const show = (query?: Record<string, string>) => send('GET', '/', query ? { query } : {})

const sendForm = (fields: Record<string, string>, type = 'application/x-www-form-urlencoded') =>
  send('POST', '/bookings', {
    headers: { 'content-type': type },
    body: new URLSearchParams(fields).toString(),
  })

/** What the page says of a seat. */
function seat(page: string, number: number): string | undefined {
  return new RegExp(`<label data-state="(\\w+)"><input type="radio" name="seat" value="${number}"`).exec(page)?.[1]
}

function field(page: string, name: string): string | undefined {
  return new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1]
}

function message(page: string): string | undefined {
  return /<p id="message"[^>]*>([^<]*)</.exec(page)?.[1]
}

test('a form is told by its type, in whatever case', async () => {
  const eventId = await service.event('gala', 1)
  expect(await sendForm({ eventId, buyer: 'Ada' }, 'Application/X-WWW-Form-URLencoded')).toMatchObject({ status: 303 })
})

test('a NUL in a query or in a form is refused, on the page where there is one', async () => {
  const eventId = await service.event('gala', 1)
  expect(await show({ event: '\0' })).toMatchObject({ status: 400, headers: { 'content-type': 'application/json' } })
  const page = await sendForm({ eventId, buyer: 'A\0da' })
  expect(page).toMatchObject({ status: 400, headers: { 'content-type': 'text/html; charset=utf-8' } })
  expect(message(page.text)).toMatch(/NUL/)
  expect(await service.prisma.booking.count()).toBe(0)
})

describe('the page of an event', () => {
  test('shows what is on, when, for how much, and every seat', async () => {
    const eventId = await service.event('gala', 12, { seatPrice: 4550, currency: 'EUR' })
    await service.send('POST', '/bookings', { eventId, seat: 2, buyer: 'Ada' })
    const page = await show()
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } })
    expect(page.text).toContain('<h1>The gala</h1>')
    expect(page.text).toContain('<time datetime="2027-01-01T20:00:00.000Z">Friday, 1 January 2027, 20:00 UTC</time>')
    expect(page.text).toContain('<dd>€45.50</dd>')
    expect(page.text).toContain('<span id="free">11</span> of 12')
    expect([1, 2, 3, 12, 13].map((number) => seat(page.text, number))).toEqual([
      'free',
      'taken',
      'free',
      'free',
      undefined,
    ])
  })

  test('is that of the next event, or of the one that is asked for', async () => {
    await service.event('later', 1)
    await service.prisma.event.update({ where: { id: 'later' }, data: { startsAt: new Date('2126-01-01') } })
    await service.event('over', 1)
    await service.prisma.event.update({ where: { id: 'over' }, data: { startsAt: new Date('2026-01-01') } })
    expect((await show()).text).toContain('<h1>The later</h1>')
    await service.event('next', 1)
    expect((await show()).text).toContain('<h1>The next</h1>')
    expect((await show({ event: 'over' })).text).toContain('<h1>The over</h1>')
  })

  test('is a friendly one where there is no event', async () => {
    expect(await show()).toMatchObject({ status: 200, text: expect.stringContaining('Nothing is on sale yet') })
    expect(await show({ event: 'nowhere' })).toMatchObject({
      status: 404,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      text: expect.stringContaining('There is no such event'),
    })
  })

  test('tells nobody who has booked, and says that a seat is yours only to who knows the booking', async () => {
    const eventId = await service.event('gala', 3)
    const { body } = await service.send('POST', '/bookings', { eventId, seat: 2, buyer: 'Ada Lovelace' })
    const mine = await show({ event: eventId, booking: String(body['id']) })
    expect(message(mine.text)).toBe('Seat 2 is yours.')
    expect(seat(mine.text, 2)).toBe('yours')
    const others = await show({ event: eventId, booking: randomUUID() })
    expect(seat(others.text, 2)).toBe('taken')
    expect(message(others.text)).toBe('')
    const elsewhere = await show({ event: await service.event('other', 3), booking: String(body['id']) })
    expect(seat(elsewhere.text, 2)).toBe('free')
    for (const { text } of [mine, others]) expect(text).not.toContain('Lovelace')
  })

  test('says that everything is sold', async () => {
    const eventId = await service.event('small', 1)
    await service.send('POST', '/bookings', { eventId, buyer: 'Ada' })
    expect((await show()).text).toMatch(/<button aria-disabled="true">Sold out<\/button>/)
  })
})

describe('safety', () => {
  const HOSTILE = `"><script>alert('x')</script><img src=x onerror=alert(1)>`

  test('whatever is shown is escaped', async () => {
    await service.event('hostile', 1)
    await service.prisma.event.update({ where: { id: 'hostile' }, data: { name: HOSTILE } })
    const fields = { id: HOSTILE, eventId: 'hostile', seat: HOSTILE, buyer: HOSTILE }
    const pages = [
      await show(),
      await show({ event: HOSTILE }),
      await show({ event: 'hostile', booking: HOSTILE }),
      await sendForm(fields),
      await sendForm({ ...fields, eventId: HOSTILE }),
      await sendForm({ ...fields, [HOSTILE]: HOSTILE }),
    ]
    expect(pages.map(({ status }) => status)).toEqual([200, 404, 200, 400, 404, 400])
    for (const { text } of pages) {
      expect(text).toContain('&lt;')
      expect(text).not.toContain('<img')
      expect(text.match(/<script/g)).toHaveLength(1)
    }
  })

  test('the policy lets the page’s own script and style run, and nothing else', async () => {
    await service.event('gala', 2)
    const { text, headers } = await show()
    const policy = headers['content-security-policy'] ?? ''
    for (const element of ['script', 'style']) {
      const [, content = ''] = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(text) ?? []
      expect(content).not.toBe('')
      expect(policy).toContain(`${element}-src 'sha256-${createHash('sha256').update(content).digest('base64')}'`)
    }
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    // Neither handlers nor styles in attributes: the policy would stop them, and say so in the console.
    expect(text.replace(/<(script|style)>[\s\S]*?<\/\1>/g, '')).not.toMatch(/\s(?:on\w+|style)=/)
  })
})

describe('booking without the script', () => {
  test('leads to a page that says so, and that can be loaded again', async () => {
    const eventId = await service.event('gala', 3)
    const id = field((await show()).text, 'id') ?? ''
    const booked = await sendForm({ id, eventId, seat: '2', buyer: 'Ada' })
    expect(booked).toMatchObject({ status: 303, headers: { location: `./?event=gala&booking=${id}` }, text: '' })
    expect(message((await show({ event: eventId, booking: id })).text)).toBe('Seat 2 is yours.')
  })

  test('books once, however often the button is pressed', async () => {
    const eventId = await service.event('gala', 3)
    const fields = { id: randomUUID(), eventId, seat: '2', buyer: 'Ada' }
    const answers = await Promise.all([sendForm(fields), sendForm(fields), sendForm(fields)])
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303])
    expect(await service.prisma.booking.count()).toBe(1)
  })

  test('a form that comes in base64, as a function URL hands it over, is read', async () => {
    const eventId = await service.event('gala', 1)
    const form = new URLSearchParams({ id: randomUUID(), eventId, seat: '1', buyer: 'Ada' }).toString()
    const answer = await createRouter(service.prisma)({
      ...request('POST', '/bookings', Buffer.from(form).toString('base64')),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      isBase64Encoded: true,
    })
    expect(answer.statusCode).toBe(303)
  })

  test('says plainly that another one took the seat, and shows the form with a new id', async () => {
    const eventId = await service.event('gala', 3)
    await service.send('POST', '/bookings', { eventId, seat: 2, buyer: 'Eve' })
    const id = randomUUID()
    const { status, text } = await sendForm({ id, eventId, seat: '2', buyer: 'Ada' })
    expect(status).toBe(409)
    expect(message(text)).toBe('Seat 2 has just gone to somebody else. Nothing was booked for you.')
    expect(seat(text, 2)).toBe('taken')
    expect(field(text, 'buyer')).toBe('Ada')
    expect(field(text, 'id')).not.toBe(id)
  })

  test('says what is wrong with a form, and keeps what was chosen', async () => {
    const eventId = await service.event('gala', 3)
    const { status, text } = await sendForm({ id: randomUUID(), eventId, seat: '2', buyer: ' ' })
    expect(status).toBe(400)
    expect(message(text)).toMatch(/^Nothing was booked: .*buyer/s)
    expect(text).toMatch(/value="2"[^>]* checked>/)
  })

  test('can be tried again with the same id where the turn to write did not come', async () => {
    const eventId = await service.event('gala', 1)
    const fields = { id: randomUUID(), eventId, seat: '1', buyer: 'Ada' }
    const lease = await service.stage.leaser.acquire(service.stage.leaseKey)
    const busy = await sendForm(fields)
    await lease.release()
    expect(busy).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(message(busy.text)).toContain('Nothing was booked: please try again.')
    expect(field(busy.text, 'id')).toBe(fields.id)
    expect(await sendForm(fields)).toMatchObject({ status: 303 })
  })
})

describe('GET /events/:id/seats', () => {
  const seats = (id: string, etag?: string) =>
    send('GET', `/events/${id}/seats`, etag === undefined ? {} : { headers: { 'if-none-match': etag } })

  test('tells which seats are free and which are taken, in order', async () => {
    const eventId = await service.event('gala', 12)
    for (const seat of [10, 3]) await service.send('POST', '/bookings', { eventId, seat, buyer: 'Ada' })
    const { status, headers, text } = await seats('gala')
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/json' })
    expect(JSON.parse(text)).toEqual({ free: [1, 2, 4, 5, 6, 7, 8, 9, 11, 12], taken: [3, 10] })
  })

  test('sends nothing to who knows it already, until something changes', async () => {
    const eventId = await service.event('gala', 2)
    const { headers } = await seats(eventId)
    const etag = headers['etag'] ?? ''
    expect(etag).toMatch(/^"[\w-]{22}"$/)
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      expect(await seats(eventId, known)).toMatchObject({ status: 304, headers: { etag }, text: '' })
    }
    await service.send('POST', '/bookings', { eventId, buyer: 'Ada' })
    const changed = await seats(eventId, etag)
    expect(changed.status).toBe(200)
    expect(changed.headers['etag']).not.toBe(etag)
  })

  test('does not find what is not there', async () => {
    expect(await seats('nowhere')).toMatchObject({ status: 404, text: expect.stringContaining('no-such-event') })
  })
})
