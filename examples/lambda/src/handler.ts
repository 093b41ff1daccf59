import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { withLease } from 'prisma-adapter-sqlite-efs/lambda'
import { createClient } from './client.js'
import { createRouter } from './router.js'

const { prisma, adapter } = createClient(process.env)
const route = createRouter(prisma)

/** The page, `POST /bookings`, `GET /events/:id`, `GET /events/:id/seats`, `GET /health`: for an API Gateway HTTP API or a function URL. */
export const handler = withLease(adapter, (event: APIGatewayProxyEventV2, _context: Context) => route(event))
