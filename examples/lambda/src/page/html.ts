/** Text that is HTML. Only this module makes it, so nothing gets into a page without being escaped. */
export class Html {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

type Value = Html | readonly Html[] | string | number | undefined

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A template whose values are escaped, unless they are HTML already. Attributes need their quotes around them. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(strings.reduce((text, part, index) => text + toText(values[index - 1]) + part))
}

/** An attribute that is there or not, with the space before it. */
export function flag(attribute: 'checked' | 'disabled' | 'aria-disabled="true"', set: boolean): Html | undefined {
  return set ? new Html(` ${attribute}`) : undefined
}

/** A script or a style sheet of our own. What ends the element too early is refused: escaping would change its hash. */
export function inline(element: 'script' | 'style', text: string): Html {
  if (/<(?:!--|\/?script|\/?style)/i.test(text))
    throw new Error(`the ${element} would end, or begin, in its own middle`)
  return new Html(`<${element}>${text}</${element}>`)
}

function toText(value: Value): string {
  if (value === undefined) return ''
  if (value instanceof Html) return value.toString()
  if (Array.isArray(value)) return value.join('')
  return String(value).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
