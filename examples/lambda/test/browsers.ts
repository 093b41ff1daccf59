import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { type RunningBrowser, startChromium } from '../browser/chromium.js'
import { type Served, serve } from '../browser/served.js'
import type { Stage } from '../demo/stage.js'

/** A browser, and the service as it is deployed, for one file of tests. Whatever a page complains of fails its test. */
export function useBrowsers(stage: () => Stage) {
  let running: RunningBrowser
  let served: Served
  const complaints: string[] = []
  const log: string[] = []

  beforeAll(async () => {
    running = await startChromium()
    served = await serve(stage(), (line) => log.push(line))
  })
  afterAll(async () => {
    await running?.[Symbol.asyncDispose]()
    await served?.[Symbol.asyncDispose]()
  })
  afterEach(async ({ task }) => {
    const lines = log.splice(0)
    if (task.result?.state === 'fail') console.error(lines.join('\n'))
    await Promise.all(running.browser.contexts().map((context) => context.close()))
    expect(complaints.splice(0)).toEqual([])
  })

  return {
    /**
     * A buyer's own browser, with the page of an event.
     *
     * @param allowed - what the console may say in this test: Chromium reports each answer that is an error
     */
    async open(eventId: string, options: BrowserContextOptions = {}, allowed?: RegExp): Promise<Page> {
      const context = await running.browser.newContext({ baseURL: served.url, ...options })
      const page = await context.newPage()
      page.setDefaultTimeout(20_000)
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('console', (message) => {
        if (!allowed?.test(message.text())) complaints.push(`${message.type()}: ${message.text()}`)
      })
      await page.goto(`/?event=${eventId}`)
      return page
    },
  }
}
