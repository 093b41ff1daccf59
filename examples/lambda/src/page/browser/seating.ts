import type { Seats } from '../seats.js'

/** The seats in a row of the page: Arrow Up and Down go by rows. */
const ROW = 10

type State = 'free' | 'taken' | 'asked' | 'yours'

const LABELS: Readonly<Record<State, string>> = {
  free: '',
  taken: ', taken',
  asked: ', being booked',
  yours: ', yours',
}

interface Seat {
  label: HTMLElement
  input: HTMLInputElement
}

/** The grid of seats. It shows what the service has said, and marks the one that is being asked for. */
export class Seating {
  readonly #seats = new Map<number, Seat>()
  readonly #yours = new Set<number>()
  #asked: number | undefined

  constructor(grid: ParentNode) {
    for (const label of grid.querySelectorAll('label')) {
      const input = label.querySelector('input')
      if (!input) continue
      this.#seats.set(Number(input.value), { label, input })
      if (label.dataset['state'] === 'yours') this.#yours.add(Number(input.value))
      input.addEventListener('keydown', (event) => this.#moveByRow(event, input))
    }
  }

  /** The seat that is chosen, if any. */
  get chosen(): number | undefined {
    return [...this.#seats].find(([, { input }]) => input.checked)?.[0]
  }

  get yours(): number[] {
    return [...this.#yours].toSorted((a, b) => a - b)
  }

  /** @returns the chosen seat, where somebody else has it now */
  show({ free, taken }: Seats): number | undefined {
    for (const number of free) this.#set(number, 'free')
    const { chosen } = this
    for (const number of taken) this.#set(number, 'taken')
    return chosen !== undefined && taken.includes(chosen) && this.chosen === undefined ? chosen : undefined
  }

  /** What is being asked for is neither free nor taken until it is answered. */
  ask(number: number): void {
    this.#set(number, 'asked')
    this.#asked = number
  }

  /** The service has answered: this is what the seat is. */
  answer(number: number, state: 'free' | 'taken' | 'yours'): void {
    this.#asked = undefined
    if (state === 'yours') this.#yours.add(number)
    this.#set(number, state)
  }

  #set(number: number, state: State): void {
    const seat = this.#seats.get(number)
    if (!seat || number === this.#asked || (state !== 'yours' && this.#yours.has(number))) return
    const { label, input } = seat
    if (label.dataset['state'] === state) return
    label.dataset['state'] = state
    const open = state === 'free' || state === 'asked'
    const focused = !open && document.activeElement === input
    input.setAttribute('aria-label', `Seat ${number}${LABELS[state]}`)
    input.disabled = !open
    if (!open) input.checked = false
    // A disabled field can't keep the focus, and who uses the keyboard would start at the top again.
    if (focused) this.#nearestOpen(number)?.focus()
  }

  #nearestOpen(number: number): HTMLInputElement | undefined {
    const open = [...this.#seats].filter(([, { input }]) => !input.disabled)
    return open.toSorted(([a], [b]) => Math.abs(a - number) - Math.abs(b - number))[0]?.[1].input
  }

  #moveByRow(event: KeyboardEvent, from: HTMLInputElement): void {
    const step = event.key === 'ArrowDown' ? ROW : event.key === 'ArrowUp' ? -ROW : 0
    if (step === 0) return
    event.preventDefault()
    const all = [...this.#seats.values()].map(({ input }) => input)
    for (let at = all.indexOf(from) + step; at >= 0 && at < all.length; at += step) {
      const input = all[at]
      if (!input || input.disabled) continue
      input.focus()
      input.click()
      return
    }
  }
}
