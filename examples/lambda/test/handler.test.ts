import { randomUUID } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { request } from '../demo/request.js'
import { createRouter } from '../src/router.js'
import { useService } from './service.js'

const service = useService()

describe('POST /bookings', () => {
  test('sells the free seat with the lowest number, and adds its price to the revenue', async () => {
    const eventId = await service.event('premiere', 3)
    const first = await service.send('POST', '/bookings', { eventId, buyer: 'Ada' })
    const second = await service.send('POST', '/bookings', { eventId, buyer: 'Bob' })
    expect(first).toMatchObject({ status: 201, body: { eventId, seatNumber: 1, buyer: 'Ada', price: '4500' } })
    expect(second).toMatchObject({ status: 201, body: { seatNumber: 2 } })
    expect(await service.prisma.event.findUnique({ where: { id: eventId } })).toMatchObject({ revenue: 9000n })
  })

  test('sells the seat that was asked for, once', async () => {
    const eventId = await service.event('gala', 3)
    expect(await service.send('POST', '/bookings', { eventId, seat: 2, buyer: 'Ada' })).toMatchObject({
      status: 201,
      body: { seatNumber: 2 },
    })
    expect(await service.send('POST', '/bookings', { eventId, seat: 2, buyer: 'Bob' })).toMatchObject({
      status: 409,
      body: { error: 'seat-taken', message: 'seat 2 of The gala is taken' },
    })
    expect(await service.send('POST', '/bookings', { eventId, buyer: 'Bob' })).toMatchObject({
      body: { seatNumber: 1 },
    })
    expect(await service.send('POST', '/bookings', { eventId, buyer: 'Eve' })).toMatchObject({
      body: { seatNumber: 3 },
    })
  })

  test('refuses when the event is sold out', async () => {
    const eventId = await service.event('reading', 1)
    await service.send('POST', '/bookings', { eventId, buyer: 'Ada' })
    expect(await service.send('POST', '/bookings', { eventId, buyer: 'Bob' })).toMatchObject({
      status: 409,
      body: { error: 'sold-out' },
    })
  })

  test('never sells a seat twice to buyers who come at once', async () => {
    const eventId = await service.event('concert', 5)
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => service.send('POST', '/bookings', { eventId, buyer: `buyer ${index}` })),
    )
    const seats = answers.filter(({ status }) => status === 201).map(({ body }) => Number(body['seatNumber']))
    expect(seats.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5])
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(7)
    expect(await service.prisma.event.findUnique({ where: { id: eventId } })).toMatchObject({ revenue: 22_500n })
  })

  test('answers a request that is sent again with the booking that it led to', async () => {
    const eventId = await service.event('repeat', 2)
    const body = { id: randomUUID(), eventId, buyer: 'Ada' }
    const first = await service.send('POST', '/bookings', body)
    expect(await service.send('POST', '/bookings', body)).toEqual(first)
    expect(await service.prisma.booking.count({ where: { eventId } })).toBe(1)
    expect(await service.prisma.event.findUnique({ where: { id: eventId } })).toMatchObject({ revenue: 4500n })
  })

  test('does not hand out a booking to somebody else who sends its id', async () => {
    const eventId = await service.event('secret', 2)
    const id = randomUUID()
    await service.send('POST', '/bookings', { id, eventId, buyer: 'Ada' })
    const answer = await service.send('POST', '/bookings', { id, eventId, buyer: 'Eve' })
    expect(answer).toMatchObject({ status: 409, body: { error: 'id-in-use' } })
    expect(answer.text).not.toContain('Ada')
  })

  test('knows neither an event nor a seat that is not there', async () => {
    const eventId = await service.event('small', 1)
    expect(await service.send('POST', '/bookings', { eventId: 'nowhere', buyer: 'Ada' })).toMatchObject({
      status: 404,
      body: { error: 'no-such-event' },
    })
    expect(await service.send('POST', '/bookings', { eventId, seat: 2, buyer: 'Ada' })).toMatchObject({
      status: 404,
      body: { error: 'no-such-seat' },
    })
  })

  test.each([
    ['no JSON', '{', 'invalid-json', 'the body is not JSON'],
    ['no body', undefined, 'invalid-json', 'the body is not JSON'],
    ['no buyer', { eventId: 'x' }, 'invalid-request', 'buyer'],
    ['an empty buyer', { eventId: 'x', buyer: ' ' }, 'invalid-request', 'buyer'],
    ['a seat that is no number', { eventId: 'x', buyer: 'Ada', seat: '1' }, 'invalid-request', 'seat'],
    ['seat 0', { eventId: 'x', buyer: 'Ada', seat: 0 }, 'invalid-request', 'seat'],
    ['an id that is no UUID', { eventId: 'x', buyer: 'Ada', id: '1' }, 'invalid-request', 'id'],
    ['a field that nobody knows', { eventId: 'x', buyer: 'Ada', price: 0 }, 'invalid-request', 'price'],
  ])('refuses %s, and says what is wrong', async (_, body, error, word) => {
    const answer = await service.send('POST', '/bookings', body)
    expect(answer).toMatchObject({ status: 400, body: { error } })
    expect(answer.body['message']).toContain(word)
  })

  test.each([
    ['a buyer', 'POST', '/bookings', (eventId: string) => ({ eventId, buyer: 'A\0da' })],
    ['an event', 'POST', '/bookings', () => ({ eventId: '\0', buyer: 'Ada' })],
    ['a path', 'GET', '/events/%00', () => undefined],
    ['its seats', 'GET', '/events/%00/seats', () => undefined],
  ] as const)(
    'refuses a NUL, which SQLite would cut %s off at, and writes no error to the log',
    async (where, method, path, body) => {
      const log = vi.spyOn(console, 'error').mockReturnValue()
      const eventId = await service.event(`a NUL in ${where}`, 1)
      expect(await service.send(method, path, body(eventId))).toMatchObject({
        status: 400,
        body: { error: 'invalid-value' },
      })
      expect(log).not.toHaveBeenCalled()
      log.mockRestore()
      expect(await service.prisma.booking.count({ where: { eventId } })).toBe(0)
    },
  )

  test('reads a body that came in base64', async () => {
    const eventId = await service.event('encoded', 1)
    const body = Buffer.from(JSON.stringify({ eventId, buyer: 'Ada' })).toString('base64')
    const answer = await createRouter(service.prisma)({ ...request('POST', '/bookings', body), isBase64Encoded: true })
    expect(answer.statusCode).toBe(201)
  })

  test('says when to come back while somebody else holds the lease, and books nothing', async () => {
    const eventId = await service.event('contended', 1)
    const { stage } = service
    const lease = await stage.leaser.acquire(stage.leaseKey)
    try {
      const answer = await service.send('POST', '/bookings', { eventId, buyer: 'Ada' })
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' }, body: { error: 'busy' } })
    } finally {
      await lease.release()
    }
    expect(await service.send('GET', `/events/${eventId}`)).toMatchObject({ body: { freeSeats: 1 } })
    expect(await service.send('POST', '/bookings', { eventId, buyer: 'Ada' })).toMatchObject({ status: 201 })
  })

  test('keeps what went wrong inside to itself, and writes it to the log', async () => {
    const log = vi.spyOn(console, 'error').mockReturnValue()
    const eventId = await service.event('broken', 1, { seatPrice: 'a lot' })
    const answer = await service.send('POST', '/bookings', { eventId, buyer: 'Ada' })
    expect(answer).toMatchObject({ status: 500, body: { error: 'internal', message: 'something went wrong here' } })
    expect(answer.text).not.toContain('seatPrice')
    expect(log).toHaveBeenCalledOnce()
    log.mockRestore()
    expect(await service.prisma.booking.count({ where: { eventId } })).toBe(0)
  })
})

describe('GET /events/:id', () => {
  test('tells of an event and its free seats', async () => {
    const eventId = await service.event('an evening', 2)
    await service.send('POST', '/bookings', { eventId, buyer: 'Ada' })
    const answer = await service.send('GET', '/events/an%20evening')
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: { id: 'an evening', startsAt: '2027-01-01T20:00:00.000Z', revenue: '4500', freeSeats: 1 },
    })
  })

  test('does not find what is not there', async () => {
    expect(await service.send('GET', '/events/nowhere')).toMatchObject({
      status: 404,
      body: { error: 'no-such-event' },
    })
    expect(await service.send('GET', '/events/%zz')).toMatchObject({ status: 400, body: { error: 'invalid-path' } })
  })
})

test('GET /health asks the database', async () => {
  expect(await service.send('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } })
})

test('any other route is not there', async () => {
  expect(await service.send('GET', '/bookings')).toMatchObject({ status: 404, body: { error: 'no-such-route' } })
  expect(await service.send('DELETE', '/events/x')).toMatchObject({ status: 404 })
})
