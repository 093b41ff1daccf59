/** What a chart shows: a group of bars for each label, or a line through all labels, of each series. */
export interface Chart {
  /** The file's name, without `.svg`. */
  name: string
  kind: 'bars' | 'lines'
  title: string
  /** What the numbers are: `throughput, adapter-libsql = 1`, say. */
  unit: string
  labels: readonly string[]
  /** The first is the one that the chart is about. */
  series: readonly Series[]
  /** What a reader who does not see it is told. */
  alt: string
}

interface Series {
  name: string
  values: readonly (number | undefined)[]
}

const WIDTH = 720
const MARGIN = 24
const BAR = 14
const GAP = 4
const TOP = 88

const LIGHT = {
  paper: '#ffffff',
  ink: '#1f2937',
  quiet: '#6b7280',
  rule: '#e5e7eb',
  series: ['#2563eb', '#9ca3af', '#d1d5db', '#b45309'],
}
const DARK = {
  paper: '#0d1117',
  ink: '#e5e7eb',
  quiet: '#9ca3af',
  rule: '#30363d',
  series: ['#60a5fa', '#8b949e', '#5b626d', '#fbbf24'],
}

const colors = ({ paper, ink, quiet, rule, series }: typeof LIGHT) =>
  [
    `.paper { fill: ${paper} } text { fill: ${ink} } .quiet { fill: ${quiet} } .rule { stroke: ${rule} }`,
    ...series.map((color, number) => `.fill${number} { fill: ${color} } .line${number} { stroke: ${color} }`),
  ].join(' ')

/** Follows the reader's own colours, also as an image in a page. Without variables, which not every program that draws SVG knows. */
const STYLE = `
text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif } .title { font-size: 16px; font-weight: 600 }
.quiet { font-size: 12px } polyline { fill: none; stroke-width: 2 }
${colors(LIGHT)}
@media (prefers-color-scheme: dark) { ${colors(DARK)} }
`

/** A chart as an SVG file: quiet, readable on light and on dark. */
export function svgOf(chart: Chart): string {
  const { height, body } = chart.kind === 'bars' ? barsOf(chart) : linesOf(chart)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escape(chart.alt)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${height}" rx="8" class="paper"/>`,
    text(MARGIN, 32, chart.title, 'title'),
    text(MARGIN, 50, chart.unit, 'quiet'),
    ...legendOf(chart),
    ...body,
    '</svg>',
    '',
  ].join('\n')
}

interface Drawing {
  height: number
  body: string[]
}

/** Lying bars: labels are sentences. */
function barsOf({ labels, series }: Chart): Drawing {
  const scale = (WIDTH - 2 * MARGIN - 60) / largest(series)
  const body: string[] = []
  let y = TOP
  for (const [index, label] of labels.entries()) {
    body.push(text(MARGIN, y + 12, label))
    y += 20
    for (const [number, { values }] of series.entries()) {
      const value = values[index]
      if (value === undefined) continue
      const length = Math.max(1, value * scale).toFixed(1)
      body.push(`<rect x="${MARGIN}" y="${y}" width="${length}" height="${BAR}" rx="2" class="${filled(number)}"/>`)
      body.push(text(MARGIN + Number(length) + 6, y + 11, short(value), 'quiet'))
      y += BAR + GAP
    }
    y += 14
  }
  return { height: y + 6, body }
}

function linesOf({ labels, series }: Chart): Drawing {
  const bottom = TOP + 200
  const right = WIDTH - MARGIN - 60
  const left = MARGIN + 36
  const most = largest(series) * 1.1
  const x = (index: number) => left + ((right - left) * index) / Math.max(1, labels.length - 1)
  const y = (value: number) => bottom - ((bottom - TOP) * value) / most
  const body: string[] = []
  for (const value of [0, 0.25, 0.5, 0.75, 1].map((part) => part * most)) {
    body.push(`<line class="rule" x1="${left}" x2="${right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/>`)
    body.push(text(left - 8, y(value) + 4, short(value), 'quiet', 'end'))
  }
  for (const [index, label] of labels.entries()) body.push(text(x(index), bottom + 20, label, 'quiet', 'middle'))
  for (const [number, { values }] of series.entries()) {
    const points = values.flatMap((value, index) => (value === undefined ? [] : [{ x: x(index), y: y(value), value }]))
    const path = points.map((point) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(' ')
    body.push(`<polyline class="line${lineColor(number)}" points="${path}"/>`)
    for (const point of points) {
      body.push(
        `<circle cx="${point.x.toFixed(1)}" cy="${point.y.toFixed(1)}" r="3" class="${filled(lineColor(number))}"/>`,
      )
    }
  }
  return { height: bottom + 38, body }
}

function legendOf({ kind, series }: Chart): string[] {
  let x = MARGIN
  return series.flatMap(({ name }, number) => {
    const at = x
    x += 30 + name.length * 7.2
    return [
      `<rect x="${at}" y="62" width="10" height="10" rx="2" class="${filled(kind === 'lines' ? lineColor(number) : number)}"/>`,
      text(at + 16, 71, name, 'quiet'),
    ]
  })
}

const filled = (number: number) => `fill${number % LIGHT.series.length}`

/** Lines are told apart by their colours alone: the second has one, too. */
const lineColor = (number: number) => [0, 3, 1, 2][number % LIGHT.series.length]!

const largest = (series: readonly Series[]) =>
  Math.max(...series.flatMap(({ values }) => values.filter((value) => value !== undefined)))

const short = (value: number) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0))

const text = (x: number, y: number, content: string, style?: string, anchor?: string) =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${style ? ` class="${style}"` : ''}${anchor ? ` text-anchor="${anchor}"` : ''}>${escape(content)}</text>`

const escape = (content: string) =>
  content.replaceAll('`', '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
