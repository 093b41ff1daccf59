import { describe, expect, it } from 'vitest'
import {
  leadingTokens,
  normalized,
  parameterCount,
  splitStatements,
  withoutTrailingComment,
} from '../src/sql/scanner.js'

describe('splitStatements', () => {
  it.each([
    ['select 1; select 2', ['select 1', 'select 2']],
    [' ; ;; ', []],
    ['-- only a comment; really', []],
    ['/* a; b */ select 1 /* c; */ ; -- d;\n', ['select 1']],
    [
      `select ';', "a;b", \`c;\`, [d;e] ; select 'it''s; fine'`,
      [`select ';', "a;b", \`c;\`, [d;e]`, `select 'it''s; fine'`],
    ],
    ["select 'never ends; at all", ["select 'never ends; at all"]],
  ])('finds the statements of %j', (script, statements) => {
    expect(splitStatements(script)).toEqual(statements)
  })

  it.each(["'", '"', '`'])('goes on after 30 MB between two %s', (quote) => {
    const literal = `${quote}${'a'.repeat(15e6)}${quote}${quote};${'a'.repeat(15e6)}${quote}`
    expect(splitStatements(`select ${literal}; select 2`).map(({ length }) => length)).toEqual([7 + literal.length, 8])
  })

  it('keeps the body of a trigger in one piece, and goes on after it', () => {
    const trigger =
      'CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET x = CASE WHEN 1 THEN 2 END; DELETE FROM c; END'
    expect(splitStatements(`${trigger}; select 1`)).toEqual([trigger, 'select 1'])
  })

  it('does not take a table named trigger for one', () => {
    expect(splitStatements('CREATE TABLE "trigger" (a); select 1')).toHaveLength(2)
  })
})

describe('leadingTokens and normalized', () => {
  it('sees through comments and spelling', () => {
    expect(leadingTokens('/* x */ -- y\n pragma main . "Journal_Mode"=wal', 5)).toEqual([
      'PRAGMA',
      'MAIN',
      '.',
      '"Journal_Mode"',
      '=',
    ])
    expect(normalized('a  deferrable /* , */ initially\ndeferred')).toBe('A DEFERRABLE INITIALLY DEFERRED')
  })
})

describe('parameterCount', () => {
  it('tells names apart that differ beyond letters and digits', () => {
    expect(parameterCount('select :e, :e\u0301, :e\u00A0x, $a, $a\u{1F600}, :e')).toBe(5)
  })
})

describe('withoutTrailingComment', () => {
  it('takes off what a sqlcommenter hung on, and nothing else', () => {
    expect(withoutTrailingComment("select 1 /*traceparent='00-a-b-01'*/")).toBe('select 1')
    expect(withoutTrailingComment("select '/* x */'")).toBe("select '/* x */'")
  })
})
