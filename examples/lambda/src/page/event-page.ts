import { flag, type Html, html } from './html.js'
import type { View } from './view.js'
import { yours } from './words.js'

/** What stands in the form. */
export interface Form {
  /** The booking's id: who sends the form twice gets one booking. */
  id: string
  seat?: number | undefined
  buyer?: string | undefined
  /** Why it was not booked. */
  refusal?: string
}

type State = 'free' | 'taken' | 'yours'

/** The page of an event. The script finds what it changes by `data-` attributes and ids. */
export function eventPage(view: View, form: Form): Html {
  const { id, name, startsAt, price, seats } = view
  const count = seats.free.length + seats.taken.length
  return html`<main data-event="${id}" data-price="${price}">
<header>
<h1>${name}</h1>
<p class="when"><time datetime="${startsAt.toISOString()}">${dateOf(startsAt)}, ${timeOf(startsAt)} UTC</time></p>
<dl>
<div><dt>A seat</dt><dd>${price}</dd></div>
<div><dt>Free</dt><dd><span id="free">${seats.free.length}</span> of ${count}</dd></div>
</dl>
</header>
<form method="post" action="bookings" autocomplete="off">
<input type="hidden" name="id" value="${form.id}">
<input type="hidden" name="eventId" value="${id}">
<fieldset>
<legend>Choose a seat</legend>
<div class="stage" aria-hidden="true">Stage</div>
<div class="seats">
${seatsOf(view, form.seat)}
</div>
<ul class="key" aria-hidden="true">
<li data-state="free">Free</li><li data-state="chosen">Chosen</li><li data-state="taken">Taken</li><li data-state="yours">Yours</li>
</ul>
</fieldset>
<section aria-labelledby="book">
<h2 id="book">Book it</h2>
<label>Your name<input name="buyer" value="${form.buyer}" required maxlength="200" autocomplete="name" spellcheck="false"></label>
<button${flag('aria-disabled="true"', seats.free.length === 0)}>${seats.free.length > 0 ? 'Book this seat' : 'Sold out'}</button>
${messageOf(view, form)}
<p id="live" data-live="off">As of ${timeOf(new Date())} UTC</p>
</section>
</form>
</main>`
}

function seatsOf({ seats, yours }: View, chosen: number | undefined): Html[] {
  const states = new Map<number, State>()
  for (const number of seats.free) states.set(number, 'free')
  for (const number of seats.taken) states.set(number, 'taken')
  for (const number of yours) states.set(number, 'yours')
  return [...states].toSorted(([a], [b]) => a - b).map(([number, state]) => seat(number, state, number === chosen))
}

function seat(number: number, state: State, chosen: boolean): Html {
  const free = state === 'free'
  const label = free ? `Seat ${number}` : `Seat ${number}, ${state}`
  return html`<label data-state="${state}"><input type="radio" name="seat" value="${number}" required aria-label="${label}"${flag('disabled', !free)}${flag('checked', free && chosen)}><span>${number}</span></label>
`
}

function messageOf(view: View, { refusal }: Form): Html {
  const good = view.yours.length > 0 ? yours(view.yours) : ''
  return html`<p id="message" role="status" data-tone="${refusal === undefined ? 'good' : 'bad'}">${refusal ?? good}</p>`
}

function dateOf(date: Date): string {
  return date.toLocaleDateString('en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  })
}

function timeOf(date: Date): string {
  return date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' })
}
