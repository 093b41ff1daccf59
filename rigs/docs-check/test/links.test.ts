import { expect, test } from 'vitest'
import { brokenLinks } from '../src/links.js'
import { readPages } from '../src/pages.js'

test.each(readPages())('the relative links of $path lead somewhere', (page) => {
  expect(brokenLinks(page)).toEqual([])
})

test('links to a file, a heading or a folder that is not there are found', () => {
  const text =
    '# The top\n\n[a](README.md) [b](#the-top) [c](docs) [d](nowhere.md) [e](#nowhere) [f](https://example.com) `[g](h)`\n'
  expect(brokenLinks({ path: 'README.md', text: `${text}[i](../outside.md)` })).toContain('nowhere.md')
  expect(brokenLinks({ path: 'README.md', text: `${text}[i](../outside.md)` })).toContain('../outside.md')
  expect(brokenLinks({ path: 'README.md', text })).not.toContain('h')
})
