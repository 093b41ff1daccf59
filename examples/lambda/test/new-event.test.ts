import { expect, test } from 'vitest'
import { openEvent } from '../src/new-event.js'
import { useService } from './service.js'

const service = useService()

const gala = { id: 'gala', name: 'Gala', startsAt: '2027-01-01T20:00:00Z', seats: 3, seatPrice: 4500 }

test('an event that is opened can be booked, at its price', async () => {
  expect(await openEvent(service.prisma, gala)).toEqual({ id: 'gala', seats: 3 })
  const answer = await service.send('POST', '/bookings', { eventId: 'gala', buyer: 'Ada' })
  expect(answer).toMatchObject({ status: 201, body: { seatNumber: 1, price: '4500' } })
})

test('one that is there is left as it is, with its bookings', async () => {
  await openEvent(service.prisma, { ...gala, id: 'again' })
  await service.send('POST', '/bookings', { eventId: 'again', buyer: 'Ada' })
  expect(await openEvent(service.prisma, { ...gala, id: 'again', name: 'Another', seats: 9 })).toEqual({
    id: 'again',
    seats: 3,
  })
  expect(await service.prisma.event.findUnique({ where: { id: 'again' } })).toMatchObject({ name: 'Gala' })
  expect(await service.prisma.booking.count({ where: { eventId: 'again' } })).toBe(1)
})

test.each([
  ['seats', { seats: 0 }],
  ['seatPrice', { seatPrice: 1.5 }],
  ['startsAt', { startsAt: 'tomorrow' }],
  ['id', { id: '' }],
  ['colour', { colour: 'red' }],
])('what is wrong is refused, and named: %s', async (name, wrong) => {
  await expect(openEvent(service.prisma, { ...gala, id: 'wrong', ...wrong })).rejects.toThrow(name)
  expect(await service.prisma.event.count({ where: { id: 'wrong' } })).toBe(0)
})
