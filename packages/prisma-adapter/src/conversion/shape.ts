import type { ColumnType } from '@prisma/driver-adapter-utils'
import type { Column } from '@sqlite-efs/database'
import { declaredColumnType } from './column-types.js'

/** What is known of a statement's columns before it is run. */
export interface Shape {
  names: string[]
  /** null where nothing is declared: an expression, or a type that Prisma does not know. */
  types: (ColumnType | null)[]
  /** The columns that hold Prisma's aggregate of a text or a date, until it is known which of the two. */
  undecided: number[]
}

// The database hands out the same array for the same prepared statement.
const shapes = new WeakMap<readonly Column[], Shape>()

/** The names that Prisma gives to aggregates that may be a date. */
export const AGGREGATE_OF_A_DATE = /^_(?:min|max)\$/

export function shapeOf(columns: readonly Column[]): Shape {
  let shape = shapes.get(columns)
  if (shape === undefined) {
    const names = columns.map(({ name }) => name)
    const types = columns.map(({ declaredType }) => declaredColumnType(declaredType))
    const undecided = names.flatMap((name, index) =>
      types[index] === null && AGGREGATE_OF_A_DATE.test(name) ? [index] : [],
    )
    shape = { names, types, undecided }
    shapes.set(columns, shape)
  }
  return shape
}
