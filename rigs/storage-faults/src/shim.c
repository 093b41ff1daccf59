/*
 * A library to preload (LD_PRELOAD) that makes single system calls fail, and records what a process writes.
 *
 * Only files below STORAGE_FAULTS_FOLDER are touched. STORAGE_FAULTS_CONTROL names the control file: it is mapped into
 * memory, so the process itself and any other can arm a fault at any time by writing the file. Its layout is `struct
 * control`, which src/control.ts has, too. Where STORAGE_FAULTS_RECORDING names a file, every change that took effect is
 * appended to it (struct record, read by src/recording.ts).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { READ, WRITE, SYNC, OPEN, LINK, RENAME, TRUNCATE, LOCK, UNLINK, STAT, CLOSE, LIST, MKDIR, RMDIR, ACCESS, UNLOCK, KINDS };
static const char *const KIND_NAMES[KINDS] = {"read",   "write", "sync",  "open", "link",  "rename", "truncate", "lock",
                                              "unlink", "stat",  "close", "list", "mkdir", "rmdir",  "access",   "unlock"};

/* Those that change a name: they can take effect, and fail all the same. */
enum { NAMING = 1u << LINK | 1u << RENAME | 1u << UNLINK | 1u << MKDIR | 1u << RMDIR };

enum { FAIL = 0, KILL = 1, FAIL_LATE = 2 };

struct control {
  volatile uint32_t armed;
  volatile uint32_t skip;   /* so many matching calls go through before the first that fails */
  volatile uint32_t times;  /* so many calls in a row fail */
  volatile int32_t error;   /* errno; 0 where a short transfer is all that goes wrong */
  volatile int32_t bytes;   /* the first of them transfers at most so many bytes and succeeds; -1 for none */
  volatile uint32_t action; /* FAIL; KILL: SIGKILL before the call; FAIL_LATE: one that changes a name fails after it took effect */
  volatile uint32_t kinds;  /* one bit for each kind */
  volatile uint32_t seen;   /* matching calls so far */
  volatile uint32_t fired;  /* calls that failed or were cut short so far */
  volatile uint32_t recording;
  volatile uint32_t by_kind[KINDS]; /* the same by kind */
  volatile char match[216 - 4 * KINDS]; /* a part of the path, its end where the last character is $; empty for any */
  volatile char where[256]; /* the first call that failed */
};

struct record {
  uint32_t magic; /* MAGIC */
  uint32_t call;  /* enum call */
  uint32_t process;
  uint32_t path_length;
  uint32_t to_length;
  uint32_t data_length;
  int64_t offset; /* of a write; the new length for a truncation */
};
#define MAGIC 0x31524653u
enum call { CALL_CREATE, CALL_WRITE, CALL_SYNC, CALL_TRUNCATE, CALL_RENAME, CALL_LINK, CALL_UNLINK };

#define MAX_FILES 4096
static struct control *control;
static const char *folder;
static size_t folder_length;
static int recorder = -1;
static int tracer = -1;
/* Paths by descriptor. They are never freed: another thread may be looking at one. */
static const char *paths[MAX_FILES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define REAL(type, name, ...)                                                                                          \
  static type (*real)(__VA_ARGS__);                                                                                    \
  if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int real_open(const char *path, int flags, mode_t mode) {
  REAL(int, "open64", const char *, int, ...);
  return real(path, flags | O_CLOEXEC, mode);
}
static ssize_t real_writev(int fd, const struct iovec *parts, int count) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  return real(fd, parts, count);
}
static ssize_t real_pwrite(int fd, const void *data, size_t length, off_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off_t);
  return real(fd, data, length, offset);
}

static void set_up(void) {
  folder = getenv("STORAGE_FAULTS_FOLDER");
  if (!folder) return;
  folder_length = strlen(folder);
  const char *name = getenv("STORAGE_FAULTS_CONTROL");
  int fd = name ? real_open(name, O_RDWR, 0) : -1;
  if (fd >= 0) {
    void *mapped = mmap(0, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped != MAP_FAILED) control = mapped;
  }
  name = getenv("STORAGE_FAULTS_RECORDING");
  if (name) recorder = real_open(name, O_WRONLY | O_CREAT | O_APPEND, 0666);
  name = getenv("STORAGE_FAULTS_TRACE");
  if (name) tracer = real_open(name, O_WRONLY | O_CREAT | O_APPEND, 0666);
}

/* The path, where it is the folder or below it. */
static const char *ours(const char *path) {
  pthread_once(&once, set_up);
  if (!folder || !path || strncmp(path, folder, folder_length) != 0) return 0;
  return path[folder_length] == 0 || path[folder_length] == '/' ? path : 0;
}
static const char *path_of(int fd) {
  pthread_once(&once, set_up);
  return fd >= 0 && fd < MAX_FILES ? paths[fd] : 0;
}

static int is_meant(const char *path) {
  const char *match = (const char *)control->match;
  size_t length = strlen(match), path_length = strlen(path);
  if (length == 0) return 1;
  if (match[length - 1] != '$') return strstr(path, match) != 0;
  length--;
  return path_length >= length && strncmp(path + path_length - length, match, length) == 0;
}

enum fate { GOES_ON, IS_CUT, FAILS, FAILS_LATE };

static int describe(char *text, size_t size, enum kind kind, const char *path, off_t offset, size_t length) {
  return snprintf(text, size, "%s %s offset %lld length %zu", KIND_NAMES[kind], path, (long long)offset, length);
}

/* One line for each call of a fault that lets all of them through. */
static void trace(enum kind kind, const char *path, off_t offset, size_t length) {
  if (tracer < 0 || control->times > 0) return;
  int saved = errno;
  char line[512];
  int size = describe(line, sizeof line - 1, kind, path, offset, length);
  if (size < 0 || size >= (int)sizeof line - 1) abort();
  line[size] = '\n';
  struct iovec whole = {line, (size_t)size + 1};
  if (real_writev(tracer, &whole, 1) < 0) abort();
  errno = saved;
}

/* What becomes of a call; errno is set where it fails. */
static enum fate fate_of(enum kind kind, const char *path, off_t offset, size_t length) {
  if (!path || !control || !control->armed || !(control->kinds & (1u << kind))) return GOES_ON;
  if (!is_meant(path)) return GOES_ON;
  __sync_fetch_and_add(&control->by_kind[kind], 1);
  uint32_t number = __sync_fetch_and_add(&control->seen, 1);
  trace(kind, path, offset, length);
  if (number < control->skip || number - control->skip >= control->times) return GOES_ON;
  int saved = errno;
  if (__sync_fetch_and_add(&control->fired, 1) == 0) {
    describe((char *)control->where, sizeof control->where, kind, path, offset, length);
  }
  if (control->action == KILL) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }
  if (control->bytes >= 0 && number == control->skip) {
    errno = saved;
    return IS_CUT;
  }
  if (control->error == 0) {
    errno = saved;
    return GOES_ON;
  }
  errno = control->error;
  return control->action == FAIL_LATE && (NAMING & (1u << kind)) ? FAILS_LATE : FAILS;
}

/* What a call that changes a name returns. */
static int told(enum fate fate, int result) {
  if (result != 0 || fate != FAILS_LATE) return result;
  errno = control->error;
  return -1;
}

static size_t cut(size_t length) { return length < (size_t)control->bytes ? length : (size_t)control->bytes; }

static void record(enum call call, const char *path, const char *to, const void *data, size_t length, off_t offset) {
  if (recorder < 0 || !control || !control->recording || !path) return;
  int saved = errno;
  struct record head = {.magic = MAGIC,
                        .call = call,
                        .process = (uint32_t)getpid(),
                        .path_length = (uint32_t)strlen(path),
                        .to_length = to ? (uint32_t)strlen(to) : 0,
                        .data_length = (uint32_t)length,
                        .offset = offset};
  struct iovec parts[4] = {{&head, sizeof head},
                           {(void *)path, head.path_length},
                           {(void *)(to ? to : ""), head.to_length},
                           {(void *)(data ? data : ""), length}};
  /* One call, on a file that is only appended to: records of several processes and threads do not mix. */
  if (real_writev(recorder, parts, 4) < 0) abort();
  errno = saved;
}

static void opened(int fd, const char *path) {
  if (fd < 0 || fd >= MAX_FILES) return;
  paths[fd] = ours(path) ? strdup(path) : 0;
}

static int open_file(const char *path, int flags, mode_t mode) {
  REAL(int, "open64", const char *, int, ...);
  if (ours(path) && fate_of(OPEN, path, flags, 0) == FAILS) return -1;
  int saved = errno;
  int is_new = ours(path) && (flags & O_CREAT) && faccessat(AT_FDCWD, path, F_OK, 0) != 0;
  errno = saved;
  int fd = real(path, flags, mode);
  if (fd < 0) return fd;
  opened(fd, path);
  if (is_new) record(CALL_CREATE, path_of(fd), 0, 0, 0, 0);
  if (ours(path) && (flags & O_TRUNC)) record(CALL_TRUNCATE, path_of(fd), 0, 0, 0, 0);
  return fd;
}

#define OPEN_FUNCTION(name)                                                                                            \
  int name(const char *path, int flags, ...) {                                                                         \
    mode_t mode = 0;                                                                                                   \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                                               \
      va_list rest;                                                                                                    \
      va_start(rest, flags);                                                                                           \
      mode = va_arg(rest, mode_t);                                                                                     \
      va_end(rest);                                                                                                    \
    }                                                                                                                  \
    return open_file(path, flags, mode);                                                                               \
  }
OPEN_FUNCTION(open)
OPEN_FUNCTION(open64)

int close(int fd) {
  REAL(int, "close", int);
  const char *path = path_of(fd);
  if (!path) return real(fd);
  paths[fd] = 0;
  /* As with a real failure, the descriptor is gone all the same. */
  if (fate_of(CLOSE, path, 0, 0) == FAILS) {
    int error = errno;
    real(fd);
    errno = error;
    return -1;
  }
  return real(fd);
}

#define READ_FUNCTION(name)                                                                                            \
  ssize_t name(int fd, void *data, size_t length, off_t offset) {                                                      \
    REAL(ssize_t, #name, int, void *, size_t, off_t);                                                                  \
    switch (fate_of(READ, path_of(fd), offset, length)) {                                                              \
    case FAILS: return -1;                                                                                             \
    case IS_CUT: return real(fd, data, cut(length), offset);                                                           \
    default: return real(fd, data, length, offset);                                                                    \
    }                                                                                                                  \
  }
READ_FUNCTION(pread)
READ_FUNCTION(pread64)

ssize_t read(int fd, void *data, size_t length) {
  REAL(ssize_t, "read", int, void *, size_t);
  switch (fate_of(READ, path_of(fd), -1, length)) {
  case FAILS: return -1;
  case IS_CUT: return real(fd, data, cut(length));
  default: return real(fd, data, length);
  }
}

static ssize_t write_at(int fd, const void *data, size_t length, off_t offset) {
  const char *path = path_of(fd);
  switch (fate_of(WRITE, path, offset, length)) {
  case FAILS: return -1;
  case IS_CUT: length = cut(length); break;
  default: break;
  }
  ssize_t written = real_pwrite(fd, data, length, offset);
  if (written > 0) record(CALL_WRITE, path, 0, data, (size_t)written, offset);
  return written;
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset); }
ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset); }

ssize_t write(int fd, const void *data, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  const char *path = path_of(fd);
  if (!path) return real(fd, data, length);
  off_t offset = lseek(fd, 0, SEEK_CUR);
  switch (fate_of(WRITE, path, offset, length)) {
  case FAILS: return -1;
  case IS_CUT: length = cut(length); break;
  default: break;
  }
  ssize_t written = real(fd, data, length);
  if (written > 0) record(CALL_WRITE, path, 0, data, (size_t)written, offset);
  return written;
}

/* Several buffers at once: Node has them where a write was cut short, and where streams are at work. */
static ssize_t write_parts_at(int fd, const struct iovec *parts, int count, off_t offset) {
  ssize_t total = 0;
  for (int i = 0; i < count; i++) {
    ssize_t written = write_at(fd, parts[i].iov_base, parts[i].iov_len, offset + total);
    if (written < 0) return total > 0 ? total : -1;
    total += written;
    if ((size_t)written < parts[i].iov_len) break;
  }
  return total;
}
#define WRITE_PARTS_FUNCTION(name)                                                                                     \
  ssize_t name(int fd, const struct iovec *parts, int count, off_t offset) {                                           \
    REAL(ssize_t, #name, int, const struct iovec *, int, off_t);                                                       \
    return path_of(fd) ? write_parts_at(fd, parts, count, offset) : real(fd, parts, count, offset);                    \
  }
WRITE_PARTS_FUNCTION(pwritev)
WRITE_PARTS_FUNCTION(pwritev64)

#define SYNC_FUNCTION(name)                                                                                            \
  int name(int fd) {                                                                                                   \
    REAL(int, #name, int);                                                                                             \
    const char *path = path_of(fd);                                                                                    \
    if (fate_of(SYNC, path, 0, 0) == FAILS) return -1;                                                                 \
    int result = real(fd);                                                                                             \
    if (result == 0) record(CALL_SYNC, path, 0, 0, 0, 0);                                                              \
    return result;                                                                                                     \
  }
SYNC_FUNCTION(fsync)
SYNC_FUNCTION(fdatasync)

#define TRUNCATE_FUNCTION(name)                                                                                        \
  int name(int fd, off_t length) {                                                                                     \
    REAL(int, #name, int, off_t);                                                                                      \
    const char *path = path_of(fd);                                                                                    \
    if (fate_of(TRUNCATE, path, length, 0) == FAILS) return -1;                                                        \
    int result = real(fd, length);                                                                                     \
    if (result == 0) record(CALL_TRUNCATE, path, 0, 0, 0, length);                                                     \
    return result;                                                                                                     \
  }
TRUNCATE_FUNCTION(ftruncate)
TRUNCATE_FUNCTION(ftruncate64)

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  enum fate fate = fate_of(UNLINK, ours(path), 0, 0);
  if (fate == FAILS) return -1;
  int result = real(path);
  if (result == 0) record(CALL_UNLINK, ours(path), 0, 0, 0, 0);
  return told(fate, result);
}

/* Folders are not recorded. */
int mkdir(const char *path, mode_t mode) {
  REAL(int, "mkdir", const char *, mode_t);
  enum fate fate = fate_of(MKDIR, ours(path), 0, 0);
  return fate == FAILS ? -1 : told(fate, real(path, mode));
}
int rmdir(const char *path) {
  REAL(int, "rmdir", const char *);
  enum fate fate = fate_of(RMDIR, ours(path), 0, 0);
  return fate == FAILS ? -1 : told(fate, real(path));
}

int access(const char *path, int mode) {
  REAL(int, "access", const char *, int);
  return fate_of(ACCESS, ours(path), 0, 0) == FAILS ? -1 : real(path, mode);
}

/* Node's readdir(). */
typedef int (*filter)(const struct dirent64 *);
typedef int (*order)(const struct dirent64 **, const struct dirent64 **);
int scandir64(const char *path, struct dirent64 ***names, filter is_wanted, order compare) {
  REAL(int, "scandir64", const char *, struct dirent64 ***, filter, order);
  return fate_of(LIST, ours(path), 0, 0) == FAILS ? -1 : real(path, names, is_wanted, compare);
}

#define NAMING_FUNCTION(name, kind, call)                                                                              \
  int name(const char *from, const char *to) {                                                                         \
    REAL(int, #name, const char *, const char *);                                                                      \
    enum fate fate = fate_of(kind, ours(from), 0, 0);                                                                  \
    if (fate == FAILS) return -1;                                                                                      \
    int result = real(from, to);                                                                                       \
    if (result == 0) record(call, ours(from), to, 0, 0, 0);                                                            \
    return told(fate, result);                                                                                         \
  }
NAMING_FUNCTION(rename, RENAME, CALL_RENAME)
NAMING_FUNCTION(link, LINK, CALL_LINK)

#define FCNTL_FUNCTION(name)                                                                                           \
  int name(int fd, int command, ...) {                                                                                 \
    REAL(int, #name, int, int, ...);                                                                                   \
    va_list rest;                                                                                                      \
    va_start(rest, command);                                                                                           \
    void *argument = va_arg(rest, void *);                                                                             \
    va_end(rest);                                                                                                      \
    int is_lock = command == F_SETLK || command == F_SETLKW || command == F_GETLK;                                     \
    if (is_lock) {                                                                                                     \
      const struct flock *lock = argument;                                                                             \
      enum kind kind = lock->l_type == F_UNLCK ? UNLOCK : LOCK;                                                        \
      if (fate_of(kind, path_of(fd), lock->l_start, command) == FAILS) return -1;                                      \
    }                                                                                                                  \
    return real(fd, command, argument);                                                                                \
  }
FCNTL_FUNCTION(fcntl)
FCNTL_FUNCTION(fcntl64)

/* As SQLite asks for a size or a name; Node's own stat() is another call, and goes through. */
int __fxstat64(int version, int fd, struct stat64 *result) {
  REAL(int, "__fxstat64", int, int, struct stat64 *);
  if (fate_of(STAT, path_of(fd), 0, 0) == FAILS) return -1;
  return real(version, fd, result);
}
int __xstat64(int version, const char *path, struct stat64 *result) {
  REAL(int, "__xstat64", int, const char *, struct stat64 *);
  if (fate_of(STAT, ours(path), 0, 0) == FAILS) return -1;
  return real(version, path, result);
}
