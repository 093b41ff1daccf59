/* What is bounded; README.md has the results. Both the model and canonical.h know it, and -D sets it for both. */

#ifndef CONTENDERS
#define CONTENDERS 3
#endif
/* How many entries the item has at most: those of the living, and what the dead and the ghosts leave behind. */
#ifndef LINE
#define LINE 3
#endif
/* Once faults have stopped, the living find room in line behind whatever is left in it. */
#ifdef CALM
#define PLACES (LINE + CONTENDERS)
#else
#define PLACES LINE
#endif
/* How many late requests are under way at the same time at most; in a whole run as many as it likes. */
#ifndef NET
#define NET 1
#endif
/* In ticks. A COMMIT may last HALF, both ends included, and the guard lets pass who has HALF left: tighter than the code. */
#ifndef TTL
#define TTL 4
#endif

/* Kinds of requests. */
#define JOIN 1
#define RENEW 2
#define LEAVE 3
#define LEAVE_ANY 4 /* after a join that was never answered: whatever ticket it got */
#define YIELD 5
#define SWEEP 6
#define RAISE 7
