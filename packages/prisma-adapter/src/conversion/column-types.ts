import { type ColumnType, ColumnTypeEnum } from '@prisma/driver-adapter-utils'

const TYPES = new Map<string, ColumnType>([
  ['DECIMAL', ColumnTypeEnum.Numeric],
  ['FLOAT', ColumnTypeEnum.Float],
  ['DOUBLE', ColumnTypeEnum.Double],
  ['DOUBLE PRECISION', ColumnTypeEnum.Double],
  ['NUMERIC', ColumnTypeEnum.Double],
  ['REAL', ColumnTypeEnum.Double],
  ['TINYINT', ColumnTypeEnum.Int32],
  ['SMALLINT', ColumnTypeEnum.Int32],
  ['MEDIUMINT', ColumnTypeEnum.Int32],
  ['INT', ColumnTypeEnum.Int32],
  ['INTEGER', ColumnTypeEnum.Int32],
  ['SERIAL', ColumnTypeEnum.Int32],
  ['INT2', ColumnTypeEnum.Int32],
  ['BIGINT', ColumnTypeEnum.Int64],
  ['UNSIGNED BIG INT', ColumnTypeEnum.Int64],
  ['INT8', ColumnTypeEnum.Int64],
  ['DATETIME', ColumnTypeEnum.DateTime],
  ['TIMESTAMP', ColumnTypeEnum.DateTime],
  ['TIME', ColumnTypeEnum.Time],
  ['DATE', ColumnTypeEnum.Date],
  ['TEXT', ColumnTypeEnum.Text],
  ['CLOB', ColumnTypeEnum.Text],
  ['CHARACTER', ColumnTypeEnum.Text],
  ['VARCHAR', ColumnTypeEnum.Text],
  ['VARYING CHARACTER', ColumnTypeEnum.Text],
  ['NCHAR', ColumnTypeEnum.Text],
  ['NATIVE CHARACTER', ColumnTypeEnum.Text],
  ['NVARCHAR', ColumnTypeEnum.Text],
  ['BLOB', ColumnTypeEnum.Bytes],
  ['BOOLEAN', ColumnTypeEnum.Boolean],
  ['JSONB', ColumnTypeEnum.Json],
])

/** The same table as @prisma/adapter-libsql's, so that raw queries come out the same; null for what it does not know. */
export function declaredColumnType(declaredType: string | null): ColumnType | null {
  return declaredType === null ? null : (TYPES.get(declaredType.toUpperCase()) ?? null)
}
