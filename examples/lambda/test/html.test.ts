import { expect, test } from 'vitest'
import { flag, html, inline } from '../src/page/html.js'

test('values are escaped, in text and in attributes', () => {
  const hostile = `</p><script>alert("it's & mine")</script>`
  expect(html`<p title="${hostile}">${hostile}</p>`.toString()).toBe(
    `<p title="&lt;/p&gt;&lt;script&gt;alert(&quot;it&#39;s &amp; mine&quot;)&lt;/script&gt;">` +
      `&lt;/p&gt;&lt;script&gt;alert(&quot;it&#39;s &amp; mine&quot;)&lt;/script&gt;</p>`,
  )
})

test('HTML in HTML stays as it is, and what is not there is nothing', () => {
  const items = ['a', '<b>'].map((text) => html`<li>${text}</li>`)
  expect(html`<ul>${items}</ul>${undefined}${0}`.toString()).toBe('<ul><li>a</li><li>&lt;b&gt;</li></ul>0')
  expect(html`<input${flag('disabled', true)}${flag('checked', false)}>`.toString()).toBe('<input disabled>')
})

test.each(['if (a) "</script>"', 'x <!-- y', '"<SCRIPT>"'])('a script that would end early is refused: %s', (text) => {
  expect(() => inline('script', text)).toThrow('would end')
})
