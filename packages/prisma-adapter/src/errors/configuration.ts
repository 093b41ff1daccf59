import { didYouMean, OptionChecker, type OptionError } from '@sqlite-efs/lease/internal'
import { PrismaSqliteEfsError } from './errors.js'

const wrongOption: OptionError = (message, option, cause) =>
  new PrismaSqliteEfsError({ code: 'CONFIGURATION', message, meta: { option }, cause })

/** Checks this package's options. */
export const check = new OptionChecker(wrongOption)

/** Checks those of `lease`. */
export const checkLease = new OptionChecker(wrongOption, (option) => `lease.${option}`)

/**
 * @param elsewhere - names that are options in another place, and that place
 * @throws PrismaSqliteEfsError `CONFIGURATION` for what is no object, or has a name that is not among the known ones
 */
export function refuseUnknown(
  option: string,
  value: unknown,
  known: readonly string[],
  elsewhere: ReadonlyMap<string, string> = new Map(),
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const short = option === 'lease' ? "'local' or " : ''
    throw check.wrong(option || 'options', `be ${short}an object with ${known.join(', ')}`, value)
  }
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    const place = elsewhere.get(name)
    const hint = place === undefined ? didYouMean(name, known) : `did you mean ${place}?`
    const path = option === '' ? name : `${option}.${name}`
    // Without its value, which may be a secret: authToken is an option of libsql.
    const message = `Option ${path} does not exist; the options are ${known.join(', ')}${hint ? `; ${hint}` : '.'}`
    throw wrongOption(message, path)
  }
}
