/* Makes a process believe that the machine was suspended: CLOCK_REALTIME and CLOCK_BOOTTIME are ahead by the milliseconds
 * in the file that SUSPENDED_MS names (eight bytes, changed while it runs), CLOCK_MONOTONIC is not. /proc/uptime, where
 * programs read CLOCK_BOOTTIME, is read from the file that UPTIME_FILE names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *suspended;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("SUSPENDED_MS");
  int file = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *page = mmap(NULL, sizeof *suspended, PROT_READ, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) suspended = page;
  close(file);
}

static void add(struct timespec *time) {
  int64_t ms = suspended ? *suspended : 0;
  time->tv_sec += ms / 1000;
  time->tv_nsec += ms % 1000 * 1000000;
  if (time->tv_nsec >= 1000000000) time->tv_sec++, time->tv_nsec -= 1000000000;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = (int)syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_BOOTTIME)) add(time);
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec time;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &time) != 0) return -1;
  now->tv_sec = time.tv_sec;
  now->tv_usec = time.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *now) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  if (now) *now = time.tv_sec;
  return time.tv_sec;
}

static const char *other(const char *path) {
  const char *file = getenv("UPTIME_FILE");
  return file && strcmp(path, "/proc/uptime") == 0 ? file : path;
}

#define OPEN(name)                                                             \
  int name(const char *path, int flags, ...) {                                 \
    va_list rest;                                                              \
    va_start(rest, flags);                                                     \
    mode_t mode = va_arg(rest, mode_t);                                        \
    va_end(rest);                                                              \
    return (int)syscall(SYS_openat, AT_FDCWD, other(path), flags, mode);       \
  }
OPEN(open)
OPEN(open64)
