/** What stands on every line. */
export interface EmbeddedMetricsOptions {
  namespace: string
  dimensions: Readonly<Record<string, string>>
  write: (line: string) => void
}

type Unit = 'Count' | 'Milliseconds'

/** So many values of a metric stand on a line at the most. */
const MAX_VALUES = 100

/**
 * Collects values, and writes them as one line of the Embedded Metric Format: counts are summed up, times are kept one by
 * one, for their percentiles.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export class EmbeddedMetrics {
  readonly #options: EmbeddedMetricsOptions
  readonly #collected = new Map<string, { unit: Unit; values: number[] }>()

  constructor(options: EmbeddedMetricsOptions) {
    this.#options = options
  }

  addMetric(name: string, unit: Unit, value: number): void {
    const metric = this.#collected.get(name) ?? { unit, values: [] }
    this.#collected.set(name, metric)
    if (unit === 'Count') metric.values = [(metric.values[0] ?? 0) + value]
    else metric.values.push(value)
    if (metric.values.length >= MAX_VALUES) this.flush()
  }

  /** Writes one line, where there is anything to write. */
  flush(): void {
    if (this.#collected.size === 0) return
    const { namespace, dimensions, write } = this.#options
    const metrics = [...this.#collected]
    this.#collected.clear()
    const directive = {
      Namespace: namespace,
      Dimensions: [Object.keys(dimensions)],
      Metrics: metrics.map(([Name, { unit: Unit }]) => ({ Name, Unit })),
    }
    const values = metrics.map(([name, { values }]) => [name, values.length === 1 ? values[0] : values])
    write(
      JSON.stringify({
        _aws: { Timestamp: Date.now(), CloudWatchMetrics: [directive] },
        ...dimensions,
        ...(Object.fromEntries(values) as Record<string, number | number[]>),
      }),
    )
  }
}
