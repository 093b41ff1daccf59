/** What `GET /events/:id/seats` tells: the numbers of an event's seats, in order. Who has a seat is told to nobody. */
export interface Seats {
  free: number[]
  taken: number[]
}
