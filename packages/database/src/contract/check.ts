import { OptionChecker } from '@sqlite-efs/lease/internal'
import { DatabaseError } from './errors.js'

/** Checks this package's options. */
export const check = new OptionChecker(
  (message, option, cause) =>
    new DatabaseError('CONFIGURATION', message, { option }, cause === undefined ? {} : { cause }),
)
