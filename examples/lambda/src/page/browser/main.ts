// The script of the page. Without it the page can be read, and the form can be sent; with it the seats are live.
import { gone, refusal, yours } from '../words.js'
import { book, type Delay } from './booking.js'
import { Live, type Liveness } from './live.js'
import { Seating } from './seating.js'

const LIVE: Readonly<Record<Liveness, string>> = {
  on: 'Live',
  paused: 'Paused while you look elsewhere',
  lost: 'No connection: this may be out of date',
}
const DELAY: Readonly<Record<Delay, (seat: number) => string>> = {
  busy: (seat) => `Many are booking right now. Asking again for seat ${seat}.`,
  'no answer': (seat) => `No answer yet. Asking again for seat ${seat}: it can’t be booked twice.`,
}

function element<T extends Element>(selector: string): T {
  const found = document.querySelector<T>(selector)
  if (!found) throw new Error(`the page has no ${selector}`)
  return found
}

function start(eventId: string, price: string): void {
  const form = element<HTMLFormElement>('form')
  const buyer = element<HTMLInputElement>('input[name=buyer]')
  const button = element<HTMLButtonElement>('button')
  const message = element<HTMLElement>('#message')
  const free = element<HTMLElement>('#free')
  const liveness = element<HTMLElement>('#live')
  const seating = new Seating(element('.seats'))
  let asked: number | undefined
  let soldOut = free.textContent === '0'

  const say = (tone: 'good' | 'bad' | 'wait', text: string) => {
    message.dataset['tone'] = tone
    message.textContent = text
  }
  const showButton = () => {
    const seat = asked ?? seating.chosen
    button.setAttribute('aria-disabled', String(asked !== undefined || soldOut))
    if (asked !== undefined) button.textContent = `Booking seat ${asked} …`
    else if (soldOut) button.textContent = 'Sold out'
    else button.textContent = seat === undefined ? 'Book this seat' : `Book seat ${seat} for ${price}`
  }
  const live = new Live(
    `events/${encodeURIComponent(eventId)}/seats`,
    (seats) => {
      const lost = seating.show(seats)
      if (lost !== undefined) say('bad', gone(lost))
      free.textContent = String(seats.free.length)
      soldOut = seats.free.length === 0
      showButton()
    },
    (state) => {
      liveness.dataset['live'] = state
      liveness.textContent = LIVE[state]
    },
  )

  const submit = async (seat: number) => {
    asked = seat
    seating.ask(seat)
    say('wait', `Asking for seat ${seat}.`)
    showButton()
    const request = { id: crypto.randomUUID(), eventId, seat, buyer: buyer.value }
    const outcome = await book(request, (delay) => say('wait', DELAY[delay](seat)))
    asked = undefined
    if ('seat' in outcome) {
      seating.answer(outcome.seat, 'yours')
      say('good', yours(seating.yours))
      // So that loading the page again shows it, too.
      const query = new URLSearchParams(location.search)
      query.set('event', eventId)
      query.append('booking', request.id)
      history.replaceState(null, '', `?${query.toString()}`)
    } else {
      seating.answer(seat, outcome.refused.error === 'seat-taken' ? 'taken' : 'free')
      say('bad', refusal(outcome.refused, seat))
    }
    showButton()
    await live.refresh()
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const { chosen } = seating
    if (asked === undefined && chosen !== undefined) void submit(chosen)
  })
  form.addEventListener('change', showButton)
  showButton()
  void live.refresh()
}

const { event, price } = document.querySelector<HTMLElement>('main')?.dataset ?? {}
if (event !== undefined && price !== undefined) start(event, price)
