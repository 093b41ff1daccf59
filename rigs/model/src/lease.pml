/*
 * The lease protocol of docs/lease-protocol.md, as packages/lease and packages/database do it: contenders that join one
 * line, wait, hold the lease, begin, pass the guard and commit, while requests come late, twice or never, machines crash
 * and freeze, and clocks disagree. README.md says what is bounded, what is left out, and why.
 *
 * One process, one `do`: each option is one atomic action, and everything may happen in any order at any time. A frozen or
 * slow contender is one that does nothing while `tick` goes on.
 */

#include "bounds.h"

#define HALF (TTL / 2)
#define MAX_SKEW 1

/* How far wall clocks really are apart: each reading of each clock is the true time plus 0 to SPREAD. */
#ifdef SKEW_BEYOND
#define SPREAD (MAX_SKEW + 1)
#else
#define SPREAD MAX_SKEW
#endif

/*
 * Times are relative to now, plus one, and stop at 0: no fact depends on how long ago something has passed.
 * The most generous reading of a clock decides: o = 0 for an owner who asks what it has left, SPREAD for one who sweeps.
 */
#define ALIVE(ms, o) ((ms) + (o) + 1)
#define MAY_SWEEP(u) ((u) <= SPREAD - MAX_SKEW)
#define MAY_COMMIT(u) ((u) >= HALF + 1)

/* What a contender knows. */
#define OUT 0       /* not in line, or crashed: to begin again it joins with a new id */
#define JOINING 1   /* sent a join, does not know what became of it */
#define YIELDING 2  /* the same with a yield */
#define WAITING 3   /* has seen its entry in the line */
#define HOLDING 4   /* has seen that its entry is the first: it holds the lease, as far as it knows, and writes or not */
#define COMMITTING 5 /* between the guard and the end of COMMIT */

byte pc[CONTENDERS];
byte me[CONTENDERS];    /* its id, new for each acquisition */
byte tk[CONTENDERS];    /* its ticket */
byte until[CONTENDERS]; /* the `u` of its last acknowledged join or renewal: what it counts on */
byte left[CONTENDERS];  /* ticks that its COMMIT may still last */

/* The item: its entries in the order of their tickets, and the highest ticket ever handed out. */
byte n;
byte id[PLACES], t[PLACES], u[PLACES];
byte ticket;

/* The file: the ticket of whoever committed last. */
byte fence;

/* Requests that are late: each may be applied now, later, often, or never. */
byte late;
byte kind[NET], mid[NET], mt[NET], mu[NET], mnew[NET];

#ifdef CALM
bit calm;
bit served[CONTENDERS]; /* has committed since */
byte calmTicks;
#ifdef COUNT_ACTIONS
byte calmActions; /* since the last tick */
#endif
#endif

/* Facts that follow from the above, worked out by canonical(): where one's entry stands (1 is the first, 0 is nowhere). */
byte place[CONTENDERS];
byte target[NET];
byte fresh; /* an id that nobody has */
#ifdef LOST_ITEM
bit behind; /* the item's counter is: tickets are known that are larger, from before the item was lost */
bit gap;    /* and the next one that is handed out lies between two of those */
#endif

byte i, k; /* to count with */

c_code { \#include "canonical.h" }

/* Why the promises are kept; -DPROMISES_ONLY looks how far a mutant gets. */
#ifdef PROMISES_ONLY
#define LEMMA(fact) skip
#else
#define LEMMA(fact) assert(fact)
#endif

inline append(anId, anUntil) {
#ifdef LOST_ITEM
  if
  :: gap -> c_code { openGap(); }; gap = 0
  :: else
  fi;
#endif
  ticket++;
  id[n] = anId; t[n] = ticket; u[n] = anUntil;
  n++
}

inline remove(position) {
  k = position;
  do
  :: k < n -> id[k - 1] = id[k]; t[k - 1] = t[k]; u[k - 1] = u[k]; k++
  :: else -> break
  od;
  n--
}

/* Never one that commits, or that could commit without asking again. */
inline sweep(position) {
  i = 0;
  do
  :: i < CONTENDERS ->
    LEMMA(!(pc[i] >= WAITING && place[i] == position && (pc[i] == COMMITTING || MAY_COMMIT(until[i]))));
    i++
  :: else -> break
  od;
  remove(position)
}

inline post(aKind, anId, aTicket, anUntil, aNewId) {
  kind[late] = aKind; mid[late] = anId; mt[late] = aTicket; mu[late] = anUntil; mnew[late] = aNewId;
  late++
}

inline out(c) { pc[c] = OUT; me[c] = 0; tk[c] = 0; until[c] = 0; left[c] = 0 }

#define IN_LINE(c) (pc[c] >= WAITING)
#define IDLE_IN_LINE(c) (pc[c] == WAITING || pc[c] == HOLDING)
#define MAY_RENEW(c) (IN_LINE(c) && pc[c] != COMMITTING)
#define UNSETTLED(c) (pc[c] == JOINING || pc[c] == YIELDING)
#define ROOM (n < LINE)
#ifdef NO_LATE
#define NET_ROOM 0
#else
#define NET_ROOM (late < NET)
#endif

#define NAME(c) (65 + c)

/* Each action ends in the canonical form of its state. */
#define STEP(condition, what, action) :: d_step { (condition) -> printf what; action; c_code { canonical(); } }

/* With -DCALM faults stop at some point, which may be any. */
#ifdef CALM
#define ACT(condition, what, action) STEP(!calm && (condition), what, action)
#else
#define ACT(condition, what, action) STEP(condition, what, action)
#endif

/* --- join: what may be granted is a whole lease, or what is left of a short patience -------------------------------- */

#define JOINS(c, ms, o) \
  ACT(pc[c] == OUT && ROOM, ("%c joins until now+%d\n", NAME(c), ms + o), \
    append(fresh, ALIVE(ms, o)); me[c] = fresh; tk[c] = ticket; until[c] = ALIVE(ms, o); pc[c] = WAITING) \
  ACT(pc[c] == OUT && NET_ROOM, ("%c sends a join until now+%d\n", NAME(c), ms + o), \
    post(JOIN, fresh, 0, ALIVE(ms, o), 0); me[c] = fresh; until[c] = ALIVE(ms, o); pc[c] = JOINING)

/* A replay says the same `u` as the first try, and the time of both counts from the first. */
#ifdef TIME_FROM_REPLAY
#define COUNT_FROM_NOW(c) until[c] = ALIVE(TTL, 0)
#else
#define COUNT_FROM_NOW(c) skip
#endif

#define SETTLES(c) \
  ACT(UNSETTLED(c) && place[c] > 0, ("%c finds its entry in a consistent read\n", NAME(c)), \
    tk[c] = t[place[c] - 1]; pc[c] = WAITING; COUNT_FROM_NOW(c)) \
  ACT(pc[c] == JOINING && place[c] == 0 && ROOM, ("%c joins again with the same id\n", NAME(c)), \
    append(me[c], until[c]); tk[c] = ticket; pc[c] = WAITING; COUNT_FROM_NOW(c)) \
  ACT(pc[c] == JOINING && NET_ROOM, ("%c sends the join again\n", NAME(c)), \
    post(JOIN, me[c], 0, until[c], 0); COUNT_FROM_NOW(c)) \
  ACT(UNSETTLED(c) && place[c] > 0, ("%c withdraws\n", NAME(c)), remove(place[c]); out(c)) \
  ACT(UNSETTLED(c) && NET_ROOM, ("%c sends a withdrawal\n", NAME(c)), post(LEAVE_ANY, me[c], 0, 0, 0); out(c))

/* --- in line -------------------------------------------------------------------------------------------------------- */

/* A view in which one is the first may be as old as it likes before it is acted upon: HOLDING is a belief. */
#ifdef NO_TICKET_ORDER
#define IS_FIRST(c) (place[c] > 0)
#else
#define IS_FIRST(c) (place[c] == 1)
#endif

#define WAITS(c) \
  ACT(pc[c] == WAITING && IS_FIRST(c) && FENCE_PASSES(c), ("%c sees that it is the first\n", NAME(c)), pc[c] = HOLDING) \
  ACT(pc[c] == WAITING && n > 0 && place[c] != 1 && MAY_SWEEP(u[0]), ("%c sweeps the head\n", NAME(c)), sweep(1)) \
  ACT(pc[c] == WAITING && n > 0 && place[c] != 1 && MAY_SWEEP(u[0]) && NET_ROOM, ("%c sends a sweep of the head\n", NAME(c)), \
    post(SWEEP, id[0], t[0], u[0], 0)) \
  SWEEPS_ANY(c)

#ifdef SWEEP_NOT_HEAD
#define SWEEPS_ANY(c) SWEEPS(c, 2) SWEEPS(c, 3)
#define SWEEPS(c, p) ACT(pc[c] == WAITING && n >= p && place[c] != p && MAY_SWEEP(u[p - 1]), ("%c sweeps number %d of the line\n", NAME(c), p), sweep(p))
#else
#define SWEEPS_ANY(c)
#endif

/*
 * A holder whose time has run out asks before it gives up, and goes on with what it has begun if the renewal is accepted: then
 * no other has committed since it began to hold, and none is about to.
 */
inline goesOn(c) {
  if
  :: pc[c] == HOLDING && until[c] == 0 ->
    assert(fence <= tk[c]);
    i = 0;
    do
    :: i < CONTENDERS -> LEMMA(pc[i] != COMMITTING); i++
    :: else -> break
    od
  :: else
  fi
}

/* Not a renewal at all: it is believed, though its condition does not hold. */
#ifdef RENEW_WITHOUT_ENTRY
#define RENEWS_WITHOUT(c, o) \
  ACT(MAY_RENEW(c) && place[c] == 0, ("%c renews until now+%d, its entry being gone\n", NAME(c), TTL + o), \
    goesOn(c); until[c] = ALIVE(TTL, o))
#else
#define RENEWS_WITHOUT(c, o)
#endif

#define RENEWS(c, o) \
  ACT(MAY_RENEW(c) && place[c] > 0 && u[place[c] - 1] <= ALIVE(TTL, o) && until[c] > 0, \
    ("%c renews until now+%d\n", NAME(c), TTL + o), \
    u[place[c] - 1] = ALIVE(TTL, o); until[c] = ALIVE(TTL, o)) \
  ACT(MAY_RENEW(c) && place[c] > 0 && u[place[c] - 1] <= ALIVE(TTL, o) && until[c] == 0, \
    ("%c, whose time has run out, renews until now+%d\n", NAME(c), TTL + o), \
    goesOn(c); u[place[c] - 1] = ALIVE(TTL, o); until[c] = ALIVE(TTL, o)) \
  RENEWS_WITHOUT(c, o) \
  ACT(MAY_RENEW(c) && NET_ROOM, ("%c sends a renewal until now+%d\n", NAME(c), TTL + o), \
    post(RENEW, me[c], tk[c], ALIVE(TTL, o), 0))

#define LEAVES(c) \
  ACT(IDLE_IN_LINE(c) && place[c] > 0, ("%c leaves\n", NAME(c)), remove(place[c]); out(c)) \
  ACT(IDLE_IN_LINE(c) && NET_ROOM, ("%c sends a leave\n", NAME(c)), post(LEAVE, me[c], tk[c], 0, 0); out(c))

/* The place of a holder that commits stands until the end, whatever it learns meanwhile. */
#ifdef LEAVES_IN_COMMIT
#define LEAVES_EARLY(c) \
  ACT(pc[c] == COMMITTING && place[c] > 0, ("%c leaves while it commits\n", NAME(c)), remove(place[c]))
#else
#define LEAVES_EARLY(c)
#endif

#define YIELDS(c, o) \
  ACT(pc[c] == HOLDING && place[c] > 0, ("%c yields: new entry until now+%d\n", NAME(c), TTL + o), \
    remove(place[c]); append(fresh, ALIVE(TTL, o)); me[c] = fresh; tk[c] = ticket; until[c] = ALIVE(TTL, o); pc[c] = WAITING) \
  ACT(pc[c] == HOLDING && NET_ROOM, ("%c sends a yield until now+%d\n", NAME(c), TTL + o), \
    post(YIELD, me[c], tk[c], ALIVE(TTL, o), fresh); me[c] = fresh; tk[c] = 0; until[c] = ALIVE(TTL, o); pc[c] = YIELDING)

/* --- the holder's transaction ---------------------------------------------------------------------------------------- */

#ifdef NO_GUARD
#define GUARD_PASSES(c) 1
#else
#define GUARD_PASSES(c) MAY_COMMIT(until[c])
#endif

#ifdef NO_FENCE
#define FENCE_PASSES(c) 1
#else
#define FENCE_PASSES(c) (tk[c] >= fence)
#endif

#ifdef LOST_ITEM
#define RAISE_NOW if :: ticket < fence -> ticket = fence :: else fi
#else
#define RAISE_NOW skip
#endif

/*
 * No transaction of an older ticket begins after one of a newer ticket has committed; only the lowest ticket commits. A holder
 * may have begun at any time since it holds, with everything that others did after its BEGIN. So the fence is asked on the way
 * to HOLDING too: what passes it later would have passed it then.
 */
#define SUPERSEDED(c) ((pc[c] == HOLDING || (pc[c] == WAITING && IS_FIRST(c))) && !FENCE_PASSES(c))

inline stepDown(c) { if :: place[c] > 0 -> remove(place[c]) :: else fi; out(c) }

#define WRITES(c) \
  ACT(pc[c] == HOLDING && FENCE_PASSES(c), ("%c begins a transaction\n", NAME(c)), assert(tk[c] >= fence)) \
  ACT(SUPERSEDED(c), ("%c is superseded: leaves and raises\n", NAME(c)), stepDown(c); RAISE_NOW) \
  RAISES_LATE(c) \
  ACT(pc[c] == HOLDING && GUARD_PASSES(c), ("%c passes the guard\n", NAME(c)), \
    pc[c] = COMMITTING; left[c] = HALF; onlyOneCommits(); LEMMA(place[c] == 1)) \
  ACT(pc[c] == COMMITTING, ("%c has committed\n", NAME(c)), \
    assert(fence <= tk[c]); fence = tk[c]; pc[c] = HOLDING; left[c] = 0)

#ifdef LOST_ITEM
#define RAISES_LATE(c) \
  ACT(SUPERSEDED(c) && NET_ROOM, ("%c is superseded: leaves, sends a raise\n", NAME(c)), \
    stepDown(c); post(RAISE, 0, fence, 0, 0))
#else
#define RAISES_LATE(c)
#endif

inline onlyOneCommits() {
  i = 0; k = 0;
  do
  :: i < CONTENDERS -> if :: pc[i] == COMMITTING -> k++ :: else fi; i++
  :: else -> break
  od;
  assert(k <= 1)
}

/* --- faults ---------------------------------------------------------------------------------------------------------- */

/* At any point; also a place that is given up or found gone without a word. It comes back as somebody new. */
#define CRASHES(c) \
  ACT(pc[c] != OUT, ("%c crashes, or gives up without a word\n", NAME(c)), out(c)) \
  ACT(pc[c] == COMMITTING, ("%c crashes when its commit is durable\n", NAME(c)), \
    assert(fence <= tk[c]); fence = tk[c]; out(c))

#define CONTENDER(c) \
  JOINS(c, HALF, 0) JOINS(c, TTL, 0) SETTLES(c) WAITS(c) RENEWS(c, 0) LEAVES(c) LEAVES_EARLY(c) YIELDS(c, 0) WRITES(c) CRASHES(c) \
  SENT_BY_A_FAST_CLOCK(c)

#ifdef FAST_SENDERS
#define SENT_BY_A_FAST_CLOCK(c) JOINS(c, 1, 0) JOINS(c, TTL, SPREAD) RENEWS(c, SPREAD) YIELDS(c, SPREAD)
#else
#define SENT_BY_A_FAST_CLOCK(c)
#endif

/* What is applied may have been acknowledged or not. */
inline acknowledge(m) {
  i = 0;
  do
  :: i < CONTENDERS ->
    if
    :: MAY_RENEW(i) && me[i] == mid[m] && tk[i] == mt[m] ->
      assert(until[i] > 0 || pc[i] != HOLDING || fence <= tk[i]);
      until[i] = mu[m]
    :: else
    fi;
    i++
  :: else -> break
  od
}

#ifdef RENEW_MOVES_BACK
#define RENEW_HOLDS(m) (target[m] > 0 && t[target[m] - 1] == mt[m])
#else
#define RENEW_HOLDS(m) (target[m] > 0 && t[target[m] - 1] == mt[m] && u[target[m] - 1] <= mu[m])
#endif

#ifdef SWEEP_ANY
#define SWEEP_HOLDS(m) (target[m] > 0)
#else
#define SWEEP_HOLDS(m) (target[m] > 0 && t[target[m] - 1] == mt[m] && u[target[m] - 1] == mu[m])
#endif

/* A late request arrives, and stays where it is: whatever arrives once may arrive again, until faults have stopped. */
#ifdef CALM
#define ONCE(m) if :: calm -> kind[m] = 0 :: else fi
#else
#define ONCE(m) skip
#endif

#define ARRIVAL(m, condition, what, action) STEP(m < late && (condition), what, action; ONCE(m))
#define ARRIVES(m) \
  ARRIVAL(m, kind[m] == JOIN && target[m] == 0 && ROOM, ("the late join arrives\n"), \
    append(mid[m], mu[m])) \
  ARRIVAL(m, kind[m] == RENEW && RENEW_HOLDS(m), ("the late renewal arrives, nobody hears of it\n"), \
    u[target[m] - 1] = mu[m]) \
  ARRIVAL(m, kind[m] == RENEW && RENEW_HOLDS(m), ("the late renewal arrives and is answered\n"), \
    u[target[m] - 1] = mu[m]; acknowledge(m)) \
  ARRIVAL(m, kind[m] == LEAVE && target[m] > 0 && t[target[m] - 1] == mt[m], ("the late leave arrives\n"), \
    remove(target[m])) \
  ARRIVAL(m, kind[m] == LEAVE_ANY && target[m] > 0, ("the late withdrawal arrives\n"), \
    remove(target[m])) \
  ARRIVAL(m, kind[m] == YIELD && target[m] > 0 && t[target[m] - 1] == mt[m], ("the late yield arrives\n"), \
    remove(target[m]); append(mnew[m], mu[m])) \
  ARRIVAL(m, kind[m] == SWEEP && SWEEP_HOLDS(m), ("the late sweep arrives\n"), \
    sweep(target[m])) \
  RAISE_ARRIVES(m) \
  ARRIVAL(m, 1, ("a request is lost for good\n"), kind[m] = 0)

#ifdef LOST_ITEM
#define RAISE_ARRIVES(m) ARRIVAL(m, kind[m] == RAISE && ticket < mt[m], ("the late raise arrives\n"), ticket = mt[m])
#else
#define RAISE_ARRIVES(m)
#endif

/* --- time ------------------------------------------------------------------------------------------------------------ */

#define IN_TIME(c) !(pc[c] == COMMITTING && left[c] == 0)
#ifdef LONG_COMMIT
#define COMMITS_IN_TIME 1
#elif CONTENDERS == 3
#define COMMITS_IN_TIME (IN_TIME(0) && IN_TIME(1) && IN_TIME(2))
#else
#define COMMITS_IN_TIME (IN_TIME(0) && IN_TIME(1))
#endif

#define LESS(x) if :: x > 0 -> x-- :: else fi

/* A frozen machine's monotonic clock stands still. The protocol reads the larger of two, so this is no exception for it. */
inline tick(frozen) {
  i = 0;
  do
  :: i < CONTENDERS ->
    if :: i != frozen -> LESS(until[i]) :: else fi;
    LESS(left[i]); i++
  :: else -> break
  od;
  i = 0;
  do :: i < n -> LESS(u[i]); i++ :: else -> break od;
  i = 0;
  do :: i < late -> LESS(mu[i]); i++ :: else -> break od
}

#define NOBODY 255
#define TICK ACT(COMMITS_IN_TIME, ("tick\n"), tick(NOBODY))
#ifdef MONOTONIC_ONLY
#define FREEZES(c) ACT(pc[c] != OUT && pc[c] != COMMITTING && COMMITS_IN_TIME, ("tick, %c is frozen\n", NAME(c)), tick(c))
#else
#define FREEZES(c)
#endif

/*
 * The table is lost and made anew while there are no writers: nobody believes, however long out of date, that it holds the
 * lease, and nobody waits whose time is not over.
 */
#ifdef LOST_ITEM
#define FORGOTTEN(c) (pc[c] == OUT || (pc[c] < HOLDING && until[c] == 0))
#if CONTENDERS == 3
#define NO_WRITERS (FORGOTTEN(0) && FORGOTTEN(1) && FORGOTTEN(2))
#else
#define NO_WRITERS (FORGOTTEN(0) && FORGOTTEN(1))
#endif
#ifdef LOST_WHILE_HELD
#define MAY_BE_LOST 1
#else
#define MAY_BE_LOST NO_WRITERS
#endif
#define LOSE_ITEM \
  ACT(MAY_BE_LOST && ticket > 0, ("the item is lost\n"), n = 0; ticket = 0) \
  ACT(!gap && behind, ("(the next ticket is between those known)\n"), gap = 1)
#else
#define LOSE_ITEM
#endif

/* --- calm: what every living contender does, at once and without a fault, until it has had its turn ------------------------- */

#ifdef CALM

/* The longest that anybody dead is believed to be alive, and a COMMIT of full length for each. */
#ifndef CALM_TICKS
#define CALM_TICKS (TTL + 1 + CONTENDERS * HALF)
#endif

#define JOINS_NOW(c) (pc[c] == OUT && !served[c])
#define SETTLES_NOW(c) (UNSETTLED(c) && place[c] > 0)
#define JOINS_AGAIN_NOW(c) (pc[c] == JOINING && place[c] == 0)
#define IS_GONE(c) ((pc[c] == YIELDING || pc[c] == WAITING || pc[c] == HOLDING) && place[c] == 0)
#define IS_FIRST_NOW(c) (pc[c] == WAITING && IS_FIRST(c) && FENCE_PASSES(c))
#ifdef NO_SWEEP
#define SWEEPS_NOW(c) 0
#else
#define SWEEPS_NOW(c) (pc[c] == WAITING && place[c] > 1 && MAY_SWEEP(u[0]))
#endif
#define RENEWS_NOW(c) (IDLE_IN_LINE(c) && place[c] > 0 && !MAY_COMMIT(until[c]) && u[place[c] - 1] <= ALIVE(TTL, 0))
#define COMMITS_NOW(c) (pc[c] == HOLDING && FENCE_PASSES(c) && MAY_COMMIT(until[c]))

#define ACTS_NOW(c) (JOINS_NOW(c) || SETTLES_NOW(c) || JOINS_AGAIN_NOW(c) || IS_GONE(c) || IS_FIRST_NOW(c) || SWEEPS_NOW(c) \
  || RENEWS_NOW(c) || SUPERSEDED(c) || COMMITS_NOW(c))

/* Nor is anybody busy for ever while no time passes. */
#ifdef COUNT_ACTIONS
#ifndef CALM_ACTIONS
#define CALM_ACTIONS (12 * CONTENDERS)
#endif
#define ONE_MORE calmActions++; assert(calmActions <= CALM_ACTIONS)
#define NONE_YET calmActions = 0
#else
#define ONE_MORE skip
#define NONE_YET skip
#endif

#define CALM_ACT(condition, what, action) STEP(calm && (condition), what, action; ONE_MORE)
#define CONTENDER_IN_CALM(c) \
  CALM_ACT(JOINS_NOW(c), ("%c joins\n", NAME(c)), \
    append(fresh, ALIVE(TTL, 0)); me[c] = fresh; tk[c] = ticket; until[c] = ALIVE(TTL, 0); pc[c] = WAITING) \
  CALM_ACT(SETTLES_NOW(c), ("%c finds its entry\n", NAME(c)), tk[c] = t[place[c] - 1]; pc[c] = WAITING) \
  CALM_ACT(JOINS_AGAIN_NOW(c), ("%c joins again with the same id\n", NAME(c)), \
    append(me[c], until[c]); tk[c] = ticket; pc[c] = WAITING) \
  CALM_ACT(IS_GONE(c), ("%c finds that its place is gone\n", NAME(c)), out(c)) \
  CALM_ACT(IS_FIRST_NOW(c), ("%c sees that it is the first\n", NAME(c)), pc[c] = HOLDING) \
  CALM_ACT(SWEEPS_NOW(c), ("%c sweeps the head\n", NAME(c)), sweep(1)) \
  CALM_ACT(RENEWS_NOW(c), ("%c renews\n", NAME(c)), u[place[c] - 1] = ALIVE(TTL, 0); until[c] = ALIVE(TTL, 0)) \
  CALM_ACT(SUPERSEDED(c), ("%c is superseded: leaves and raises\n", NAME(c)), stepDown(c); RAISE_NOW) \
  CALM_ACT(COMMITS_NOW(c), ("%c passes the guard\n", NAME(c)), \
    pc[c] = COMMITTING; left[c] = HALF; onlyOneCommits(); LEMMA(place[c] == 1)) \
  CALM_ACT(pc[c] == COMMITTING, ("%c has committed, and leaves\n", NAME(c)), \
    assert(fence <= tk[c]); fence = tk[c]; served[c] = 1; stepDown(c))

#if CONTENDERS == 3
#define ANYBODY_ACTS_NOW (ACTS_NOW(0) || ACTS_NOW(1) || ACTS_NOW(2))
#define ALL_SERVED (served[0] && served[1] && served[2])
#else
#define ANYBODY_ACTS_NOW (ACTS_NOW(0) || ACTS_NOW(1))
#define ALL_SERVED (served[0] && served[1])
#endif

/* Everybody gets its turn within so many ticks; and if nothing is possible any more, Spin calls it an invalid end state. */
#define CALM_TICK STEP(calm && !ANYBODY_ACTS_NOW && COMMITS_IN_TIME && !ALL_SERVED, ("tick\n"), \
  calmTicks++; assert(calmTicks <= CALM_TICKS); tick(NOBODY); NONE_YET)
#define FAULTS_STOP STEP(!calm, ("faults stop\n"), calm = 1)
#define DONE :: calm && ALL_SERVED -> break

#endif

init {
  c_code { canonical(); };
  do
  CONTENDER(0) FREEZES(0)
  CONTENDER(1) FREEZES(1)
#if CONTENDERS == 3
  CONTENDER(2) FREEZES(2)
#endif
  ARRIVES(0)
#if NET > 1
  ARRIVES(1)
#endif
#if NET > 2
  ARRIVES(2)
#endif
  LOSE_ITEM
  TICK
#ifdef CALM
  CONTENDER_IN_CALM(0)
  CONTENDER_IN_CALM(1)
#if CONTENDERS == 3
  CONTENDER_IN_CALM(2)
#endif
  CALM_TICK
  FAULTS_STOP
  DONE
#endif
  od
}
