import type { APIGatewayProxyHandlerV2 } from 'aws-lambda'
import { createClient } from './client.js'
import { createRouter } from './router.js'

const route = createRouter(createClient(process.env))

/** `POST /bookings`, `GET /events/:id`, `GET /health`: for an API Gateway HTTP API or a function URL. */
export const handler: APIGatewayProxyHandlerV2 = (event) => route(event)
