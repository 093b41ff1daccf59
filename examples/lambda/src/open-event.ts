import { createClient } from './client.js'
import { openEvent } from './new-event.js'

const { prisma } = createClient(process.env)

/** Opens an event for booking. It is no route of the API, so that only who may invoke the function can do it. */
export const handler = (input: unknown) => openEvent(prisma, input)
