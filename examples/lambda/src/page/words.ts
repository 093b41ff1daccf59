/** What the page says of a booking: the same words with the script and without it. */

export function yours(seats: readonly number[]): string {
  return seats.length === 1 ? `Seat ${seats[0]} is yours.` : `Seats ${inWords(seats)} are yours.`
}

/** @param error - the word for programs of what was answered */
export function refusal({ error, message }: { error: string; message: string }, seat: number | undefined): string {
  switch (error) {
    case 'seat-taken':
      return `Seat ${seat} has just gone to somebody else. Nothing was booked for you.`
    case 'sold-out':
      return 'The last seat has just gone to somebody else. Nothing was booked for you.'
    case 'busy':
      return 'Too many are booking right now. Nothing was booked: please try again.'
    case 'id-in-use':
      return 'This form was used for a booking before. Nothing was booked now: please try again.'
    case 'internal':
      return 'Something went wrong here. Try again to learn whether it was booked: it can’t be booked twice.'
    default:
      return `Nothing was booked: ${message}.`
  }
}

export function gone(seat: number): string {
  return `Seat ${seat} has just gone to somebody else.`
}

function inWords(numbers: readonly number[]): string {
  return `${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`
}
