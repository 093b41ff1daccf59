import { type Html, html } from './html.js'

/** @param eventId - the event that was asked for; `null` where it was just the next one */
export function noEventPage(eventId: string | null): Html {
  return html`<main class="empty">
<h1>${eventId === null ? 'Nothing is on sale yet' : 'There is no such event'}</h1>
${
  eventId === null
    ? html`<p>As soon as an event has been set up, its seats are here.</p>`
    : html`<p>Nothing is known here of <q>${eventId}</q>. <a href="./">Show me the next event</a></p>`
}
</main>`
}
