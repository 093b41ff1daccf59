/** What a chart shows: a group of bars for each label, or a line through all labels, of each series. */
export interface Chart {
  /** The file's name, without `.svg`. */
  name: string
  kind: 'bars' | 'lines'
  title: string
  /** What the numbers are: `times adapter-libsql`, say. */
  unit: string
  labels: readonly string[]
  series: readonly { name: string; values: readonly (number | undefined)[] }[]
  /** What a reader who does not see it is told. */
  alt: string
}
