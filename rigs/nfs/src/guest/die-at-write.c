// Preloaded into a process, to end or stop it just before a chosen write: the moment inside COMMIT that a fault would
// have to be very lucky to hit. DIE_AT=<suffix>:<n>:<signal> raises the signal before the n-th write to a file whose name
// ends so, counted from the start of the process.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static void count(int fd) {
  static char suffix[64];
  static int left = -1, number;
  if (left < 0) {
    const char *at = getenv("DIE_AT");
    if (!at || sscanf(at, "%63[^:]:%d:%d", suffix, &left, &number) != 3) left = 0;
  }
  if (left == 0) return;
  char link[64], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, name, sizeof name);
  ssize_t tail = strlen(suffix);
  if (length < tail || memcmp(name + length - tail, suffix, tail) != 0) return;
  if (--left == 0) raise(number);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size) {
  static __typeof__(&write) real;
  if (!real) real = REAL(write);
  if (fd > 2) count(fd);
  return real(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
  static __typeof__(&pwrite64) real;
  if (!real) real = REAL(pwrite64);
  count(fd);
  return real(fd, data, size, offset);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  static __typeof__(&pwrite) real;
  if (!real) real = REAL(pwrite);
  count(fd);
  return real(fd, data, size, offset);
}
