/**
 * An `include` is two SELECTs or more. Prisma 7.10 sends the next one 10 to 13 microtasks after the one before, and the user's
 * code runs 16 microtasks after the last one, or later. The lock of a read is released in between.
 */
export const FOLLOW_UP_MICROTASKS = 13
