/** A program that opens the file without the lease, as the sqlite3 shell does, runs SQL, and then a script that may use it. */
export const libsql = (path: string, sql: string, script = ''): string[] => [
  '--',
  process.execPath,
  '-e',
  `const database = new (require('libsql'))(${JSON.stringify(path)}); database.exec(${JSON.stringify(sql)}); ${script}`,
]
