import { createHash } from 'node:crypto'
import type { Answer } from '../answer.js'
import { script } from '../generated/page-script.js'
import { type Html, html, inline } from './html.js'
import { styles } from './styles.js'

/** Nothing but this page's own style and script, and requests to where it came from. */
const POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(styles)}'`,
  `script-src '${hashOf(script)}'`,
  "connect-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect x="2" y="2" width="12" height="12" rx="3.5" fill="#0b5f58"/></svg>',
)}`

/** A whole page, in one answer: there is nothing else to load. */
export function toPage(status: number, title: string, content: Html, headers?: Record<string, string>): Answer {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${ICON}">
${inline('style', styles)}
</head>
<body>
${content}
${inline('script', script)}
</body>
</html>
`
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      // The address may hold the id of a booking.
      'referrer-policy': 'no-referrer',
      ...headers,
    },
    body: page.toString(),
  }
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
