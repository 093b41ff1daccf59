/*
 * Many states differ in names alone: which contender is which, what an id is called, how large a ticket is. Each action
 * ends here, and one state stands for all of them, so that any number of acquisitions makes a finite model. Nothing here
 * knows a rule of the protocol: contenders are sorted, ids are called by the order of their places, tickets by their rank.
 * With -DUNSORTED contenders keep their names, for trails that people can read.
 */

#include "bounds.h"

static void swapBytes(uchar *a, uchar *b) {
  uchar kept = *a;
  *a = *b;
  *b = kept;
}

static int placeOf(int anId) {
  for (int p = 0; p < now.n; p++)
    if (now.id[p] == anId) return p + 1;
  return 0;
}

static void findPlaces(void) {
  for (int c = 0; c < CONTENDERS; c++) {
    int p = now.me[c] ? placeOf(now.me[c]) : 0;
    now.place[c] = p && now.tk[c] && now.t[p - 1] != now.tk[c] ? 0 : p;
  }
  for (int m = 0; m < NET; m++) now.target[m] = m < now.late && now.mid[m] ? placeOf(now.mid[m]) : 0;
}

/* What was removed leaves nothing behind that could make equal states look different. */
static void clean(void) {
  int kept = 0;
  for (int m = 0; m < now.late; m++) {
    if (!now.kind[m]) continue;
    now.kind[kept] = now.kind[m];
    now.mid[kept] = now.mid[m];
    now.mt[kept] = now.mt[m];
    now.mu[kept] = now.mu[m];
    now.mnew[kept] = now.mnew[m];
    kept++;
  }
  now.late = kept;
  for (int m = kept; m < NET; m++) now.kind[m] = now.mid[m] = now.mt[m] = now.mu[m] = now.mnew[m] = 0;
  for (int p = now.n; p < PLACES; p++) now.id[p] = now.t[p] = now.u[p] = 0;
  now.i = now.k = 0;
}

/* Calls `visit` with every ticket that anybody knows, the item's own counter excepted. */
static void eachTicket(void (*visit)(uchar *)) {
  visit(&now.fence);
  for (int p = 0; p < now.n; p++) visit(&now.t[p]);
  for (int c = 0; c < CONTENDERS; c++) visit(&now.tk[c]);
  for (int m = 0; m < now.late; m++) visit(&now.mt[m]);
}

#ifndef LOST_ITEM

static void seeWhetherBehind(void) {}

#else

static uchar counter;

static void makeRoom(uchar *aTicket) {
  if (*aTicket > counter) ++*aTicket;
}

static int largerIsKnown;

static void isAbove(uchar *aTicket) { largerIsKnown |= *aTicket > counter; }

static void seeWhetherBehind(void) {
  counter = now.ticket;
  largerIsKnown = 0;
  eachTicket(isAbove);
  now.behind = largerIsKnown;
  if (!now.behind) now.gap = 0;
}

/* A ticket between two known ones: all larger ones are called by a larger number. */
static void openGap(void) {
  counter = now.ticket;
  eachTicket(makeRoom);
}

#endif

#if defined(RENEW_MOVES_BACK) || defined(SWEEP_ANY)
#define CONDITIONS_HOLD 0
#else
#define CONDITIONS_HOLD 1
#endif

/* Whether an id that is not in line, or with another ticket, may yet be there with this one. */
static int mayReturn(int anId, int m) {
#ifdef LOST_ITEM
  const int sameTicketTwice = 1;
#else
  const int sameTicketTwice = 0;
#endif
  if (!sameTicketTwice && now.kind[m] != LEAVE_ANY) return 0;
  for (int other = 0; other < now.late; other++)
    if ((now.kind[other] == JOIN && now.mid[other] == anId) || now.mnew[other] == anId) return 1;
  return 0;
}

/*
 * Whether the condition of a late request will never hold again, and it is as good as lost: a ticket is not given twice,
 * `u` does not move back, and whoever sent it no longer joins with that id.
 */
static int isInVain(int m) {
  int p = placeOf(now.mid[m]);
  if (now.kind[m] == JOIN || now.kind[m] == RAISE || mayReturn(now.mid[m], m)) return 0;
  if (!p) return 1;
  int isAnother = now.t[p - 1] != now.mt[m];
  if (now.kind[m] == RENEW) return isAnother || now.u[p - 1] > now.mu[m];
  if (now.kind[m] == SWEEP) return isAnother || now.u[p - 1] != now.mu[m];
  return now.kind[m] != LEAVE_ANY && isAnother;
}

static void dropWhatIsInVain(void) {
  for (int m = 0; m < now.late; m++)
    if (isInVain(m)) now.kind[m] = 0;
}

static unsigned contenderKey(int c) {
  unsigned key = now.pc[c];
#ifdef CALM
  key = key << 1 | now.served[c];
#endif
  key = key << 4 | now.until[c];
  key = key << 3 | now.left[c];
  key = key << 5 | now.tk[c];
  key = key << 5 | (now.me[c] ? placeOf(now.me[c]) : 0);
  /* Late requests tell apart who is in no line: a join's own id. */
  for (int m = 0; m < now.late; m++) {
    key = key << 1 | (now.me[c] && now.mid[m] == now.me[c]);
    key = key << 1 | (now.me[c] && now.mnew[m] == now.me[c]);
  }
  return key;
}

static void sortContenders(void) {
  for (int a = 1; a < CONTENDERS; a++)
    for (int b = a; b > 0 && contenderKey(b - 1) < contenderKey(b); b--) {
      swapBytes(&now.pc[b - 1], &now.pc[b]);
      swapBytes(&now.me[b - 1], &now.me[b]);
      swapBytes(&now.tk[b - 1], &now.tk[b]);
      swapBytes(&now.until[b - 1], &now.until[b]);
      swapBytes(&now.left[b - 1], &now.left[b]);
#ifdef CALM
      swapBytes(&now.served[b - 1], &now.served[b]);
#endif
    }
}

static unsigned lateKey(int m) {
  return (((now.kind[m] * 32u + now.mu[m]) * 32u + now.mt[m]) * 8u + placeOf(now.mid[m])) * 32u + now.mid[m];
}

static void sortLate(void) {
  for (int a = 1; a < now.late; a++)
    for (int b = a; b > 0 && lateKey(b - 1) < lateKey(b); b--) {
      swapBytes(&now.kind[b - 1], &now.kind[b]);
      swapBytes(&now.mid[b - 1], &now.mid[b]);
      swapBytes(&now.mt[b - 1], &now.mt[b]);
      swapBytes(&now.mu[b - 1], &now.mu[b]);
      swapBytes(&now.mnew[b - 1], &now.mnew[b]);
    }
}

static uchar nameOf[256];
static uchar named;

static void name(uchar *anId) {
  if (!*anId) return;
  if (!nameOf[*anId]) nameOf[*anId] = ++named;
  *anId = nameOf[*anId];
}

static void nameIds(void) {
  memset(nameOf, 0, sizeof nameOf);
  named = 0;
  for (int p = 0; p < now.n; p++) name(&now.id[p]);
  for (int c = 0; c < CONTENDERS; c++) name(&now.me[c]);
  for (int m = 0; m < now.late; m++) {
    name(&now.mid[m]);
    name(&now.mnew[m]);
  }
  now.fresh = named + 1;
}

static uchar isKnown[256];
static uchar rank[256];
static uchar highest;

static void know(uchar *aTicket) {
  isKnown[*aTicket] = 1;
  if (*aTicket > highest) highest = *aTicket;
}

static void toRank(uchar *aTicket) { *aTicket = rank[*aTicket]; }

/* The fence tells apart whose tickets are smaller: any number between two known tickets says the same. */
static void snapFence(void) {
  uchar fence = now.fence;
  now.fence = 0;
  memset(isKnown, 0, sizeof isKnown);
  highest = 0;
  eachTicket(know);
  int smaller = 0;
  for (int v = 1; v < fence; v++) smaller |= isKnown[v];
  if (smaller) {
    while (fence <= highest && !isKnown[fence]) fence++;
    now.fence = fence;
  }
  know(&now.fence);
  if (now.ticket < highest) now.ticket = highest;
}

static void rankTickets(void) {
#ifndef LOST_ITEM
  snapFence();
#endif
  memset(isKnown, 0, sizeof isKnown);
  highest = 0;
  eachTicket(know);
  /* The next ticket is larger than all: how much larger is no matter. */
  if (now.ticket > highest) now.ticket = highest;
  know(&now.ticket);
  uchar next = 0;
  for (int v = 1; v <= highest; v++) rank[v] = isKnown[v] ? ++next : 0;
  rank[0] = 0;
  eachTicket(toRank);
  toRank(&now.ticket);
}

static void canonical(void) {
  clean();
  if (CONDITIONS_HOLD) {
    dropWhatIsInVain();
    clean();
  }
  sortLate();
#ifndef UNSORTED
  sortContenders();
#endif
  nameIds();
  sortLate();
  rankTickets();
  seeWhetherBehind();
  findPlaces();
}

