// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference types="@sqlite-efs/toolkit/dynalite" />
import type { Attribute } from '@sqlite-efs/lease/internal'
import type { Parser, Tree } from 'dynalite/db/updateParser.js'

export type Names = Readonly<Record<string, string>>
export type Values = Readonly<Record<string, Attribute>>

/** Parses each expression once: with its placeholders for names and values, which are exchanged for each use. */
export class CachedParser {
  readonly #parser: Parser
  readonly #trees = new Map<string, Tree>()

  constructor(parser: Parser) {
    this.#parser = parser
  }

  parse(expression: string, names: Names, values: Values): Tree {
    let tree = this.#trees.get(expression)
    if (tree === undefined) {
      tree = this.#parsePlaceholders(expression, names, values)
      this.#trees.set(expression, tree)
    }
    return replaced(tree, names, values)
  }

  #parsePlaceholders(expression: string, names: Names, values: Values): Tree {
    const context = {
      attrNames: Object.fromEntries(Object.keys(names).map((name) => [name, name])),
      attrVals: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, placeholder(name, value)])),
      isReserved: () => false,
      unusedAttrNames: {},
      unusedAttrVals: {},
    }
    const tree = this.#parser.parse(expression, { context })
    if (typeof tree === 'string') throw new Error(`DynamoDB would refuse ${expression}: ${tree}`)
    return tree
  }
}

/** Of the value's own type, for the parser looks at it. */
const placeholder = (name: string, value: Attribute): Attribute => (value.N === undefined ? { S: name } : { N: name })

function replaced(tree: Tree, names: Names, values: Values): Tree {
  if (typeof tree === 'string') return names[tree] ?? tree
  if (typeof tree !== 'object' || tree === null) return tree
  if (Array.isArray(tree)) return tree.map((it) => replaced(it, names, values))
  const marker = tree['N'] ?? tree['S']
  if (typeof marker === 'string' && marker.startsWith(':')) return { ...values[marker] } as Tree
  const copy: { [name: string]: Tree } = {}
  for (const name in tree) copy[name] = replaced(tree[name], names, values)
  return copy
}
