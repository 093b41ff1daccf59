/**
 * What stands between the processes:
 *
 * - `lease`: this project's adapter, as users have it.
 * - `lease-without-file-locks`: the same, with SQLite's own file locks switched off. Local disks only.
 * - `nothing`: the same again, with a lease that each process hands out to itself. Shows that the checks can fail.
 * - `official`: Prisma's own adapter, which knows only SQLite's file locks.
 * - `official-without-file-locks`: that adapter, with the file locks switched off.
 */
export type Contestant = 'lease' | 'lease-without-file-locks' | 'nothing' | 'official' | 'official-without-file-locks'
