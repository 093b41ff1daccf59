import { expect, test } from 'vitest'
import { Tally } from '../demo/buyers.js'
import { type Outcome, report } from '../demo/report.js'

function outcome(change: (outcome: Outcome) => void = () => undefined): Outcome {
  const tally = new Tally()
  for (let seat = 1; seat <= 100; seat++) tally.sell({ id: `${seat}`, seat }, seat)
  tally.refused = 300
  const fine: Outcome = {
    seats: 100,
    requests: 400,
    tally,
    tickets: 110,
    takeoverMs: 6100,
    sellingMs: 12_000,
    findings: { sold: 100, oversold: 0, lost: 0, problems: [] },
  }
  change(fine)
  return fine
}

const lastLine = (lines: readonly string[]) => lines.at(-1)

test('all is well when every seat is sold once and everybody else is refused', () => {
  const { good, lines } = report(outcome())
  expect(good).toBe(true)
  expect(lastLine(lines)).toBe('sold 100 of 100, refused 300, oversold 0, lost 0, integrity ok')
  expect(lines).toContainEqual(expect.stringMatching(/^\| a booking, p50 +\| +51 ms \|$/))
  expect(lines).toContainEqual(expect.stringMatching(/^\| takeover +\| +6100 ms \|$/))
})

test.each<[string, (outcome: Outcome) => void, string]>([
  [
    'a seat is not sold',
    ({ findings }) => findings.sold--,
    'sold 99 of 100, refused 300, oversold 0, lost 0, integrity ok',
  ],
  [
    'a seat is sold twice',
    ({ findings }) => findings.oversold++,
    'sold 100 of 100, refused 300, oversold 1, lost 0, integrity ok',
  ],
  [
    'a booking is lost',
    ({ findings }) => findings.lost++,
    'sold 100 of 100, refused 300, oversold 0, lost 1, integrity ok',
  ],
  [
    'the file is damaged',
    ({ findings }) => findings.problems.push('row 3 missing from index'),
    'sold 100 of 100, refused 300, oversold 0, lost 0, integrity FAILED',
  ],
  [
    'a buyer got no answer',
    ({ tally }) => tally.refused--,
    'sold 100 of 100, refused 299, oversold 0, lost 0, integrity ok',
  ],
  [
    'a buyer got an answer that makes no sense',
    ({ tally }) => tally.failures.push('buyer 1 was answered 500'),
    'sold 100 of 100, refused 300, oversold 0, lost 0, integrity ok',
  ],
])('nothing is well when %s', (_, change, line) => {
  const { good, lines } = report(outcome(change))
  expect(good).toBe(false)
  expect(lastLine(lines)).toBe(line)
})
