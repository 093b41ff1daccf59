const TIMEOUT_MS = 20_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 8_000

/** The body of `POST /bookings`. */
export interface BookingRequest {
  /** Chosen here, so that a request that is sent again finds the booking that the first one led to. */
  id: string
  eventId: string
  seat: number
  buyer: string
}

export type Outcome = { seat: number } | { refused: { error: string; message: string } }

/** Why it is asked again: the service said when to come back, or no answer came. */
export type Delay = 'busy' | 'no answer'

/**
 * Asks for a seat until the service has said yes or no. With a network error, a timeout, or an error of the server it is
 * not known which it will be: only the same request, with the same id, finds out.
 */
export async function book(request: BookingRequest, onDelay: (delay: Delay) => void): Promise<Outcome> {
  for (let attempt = 0; ; attempt++) {
    const { outcome, response } = await ask(request)
    if (outcome) return outcome
    onDelay(response?.status === 503 || response?.status === 429 ? 'busy' : 'no answer')
    const pauseMs = Number(response?.headers.get('retry-after')) * 1000 || FIRST_PAUSE_MS * 2 ** attempt
    // Spread, so that those who were turned away together do not come back together.
    const spreadMs = Math.min(pauseMs, LONGEST_PAUSE_MS) * (1 + Math.random() / 2)
    await new Promise((resolve) => setTimeout(resolve, spreadMs))
  }
}

/** There is an outcome where the service has said yes or no. */
async function ask(request: BookingRequest): Promise<{ outcome?: Outcome; response?: Response }> {
  let response: Response | undefined
  try {
    response = await fetch('bookings', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (response.status >= 500 || response.status === 429) return { response }
    const body = (await response.json().catch(() => ({}))) as { seatNumber?: number; error?: string; message?: string }
    if (!response.ok) {
      const { error = 'refused', message = `the answer was ${response.status}` } = body
      return { outcome: { refused: { error, message } } }
    }
    // What is not the service may say 200, too: a network's own login page.
    return body.seatNumber === request.seat ? { outcome: { seat: body.seatNumber } } : { response }
  } catch {
    return {}
  }
}
