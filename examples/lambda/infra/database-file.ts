/** Where the functions have the file system. */
export const MOUNT = '/mnt/efs'

/** The database file. */
export const DATABASE = `${MOUNT}/bookings.db`

/** What the lease is on: the adapter's default, `lease.key`. */
export const LEASE_KEY = `database#${DATABASE}`
