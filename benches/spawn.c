/*
 * What a sandbox adds to the start of a program from C: posix_spawn against the C library, taken in turns
 * within one process of a given size.
 *
 *     spawn SIZE_IN_MIB ROUNDS
 *
 * Writes the median of each way, in nanoseconds.
 */
#define _GNU_SOURCE

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include <ringfence.h>

static const char PROGRAM[] = "/bin/true";

static void require(ringfence_error *error) {
  if (error == NULL)
    return;
  fprintf(stderr, "spawn: %s\n", ringfence_error_message(error));
  exit(2);
}

static void succeeded(int is_so) {
  if (is_so)
    return;
  fprintf(stderr, "spawn: %s did not succeed\n", PROGRAM);
  exit(2);
}

static void plain(void) {
  char *arguments[] = {(char *)PROGRAM, NULL};
  char *environment[] = {NULL};
  pid_t child;
  int status;
  succeeded(posix_spawn(&child, PROGRAM, NULL, NULL, arguments, environment) == 0);
  succeeded(waitpid(child, &status, 0) == child && status == 0);
}

/* Nine lines, eight about paths and one about a port, as the library's own benchmark has. */
static ringfence_policy *policy(void) {
  static const char *const READABLE[] = {"/usr", "/lib", "/lib64", "/bin", "/etc/ssl", "/etc/passwd", "/etc/ld.so.cache"};
  ringfence_policy *policy = ringfence_policy_new();
  ringfence_policy_rw(policy, "/tmp");
  for (size_t i = 0; i < sizeof READABLE / sizeof READABLE[0]; i++)
    ringfence_policy_ro(policy, READABLE[i]);
  ringfence_policy_connect_tcp(policy, "443");
  return policy;
}

static ringfence_sandbox *landlock, *filtered;
static ringfence_command *alone, *grouped;

static void prepare(void) {
  ringfence_policy *with_filter = policy(), *without = policy();
  ringfence_policy_unrestricted_syscalls(without);
  require(ringfence_policy_prepare(without, &landlock));
  require(ringfence_policy_prepare(with_filter, &filtered));
  ringfence_policy_free(with_filter);
  ringfence_policy_free(without);
  alone = ringfence_command_new(PROGRAM);
  ringfence_command_env_clear(alone);
  ringfence_command_may_leave_group(alone, true);
  grouped = ringfence_command_new(PROGRAM);
  ringfence_command_env_clear(grouped);
}

static void sandboxed(const ringfence_command *command, const ringfence_sandbox *sandbox) {
  ringfence_child *child = NULL;
  ringfence_ended ended;
  require(ringfence_command_spawn(command, sandbox, &child));
  require(ringfence_child_wait(child, &ended));
  succeeded(ended.code == 0);
  ringfence_child_free(child);
}

static void in_landlock(void) {
  sandboxed(alone, landlock);
}

static void in_filter(void) {
  sandboxed(grouped, filtered);
}

static const struct {
  const char *name;
  void (*start)(void);
} WAYS[] = {
    {"posix_spawn", plain},
    {"posix_spawn again", plain},
    {"Landlock", in_landlock},
    {"and the filter", in_filter},
};

enum { COUNT = sizeof WAYS / sizeof WAYS[0] };

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int by_size(const void *one, const void *other) {
  long long a = *(const long long *)one, b = *(const long long *)other;
  return (a > b) - (a < b);
}

int main(int count, char **arguments) {
  size_t size = count > 1 ? strtoul(arguments[1], NULL, 10) << 20 : 0;
  size_t rounds = count > 2 ? strtoul(arguments[2], NULL, 10) : 301;
  if (size > 0) {
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    succeeded(memory != MAP_FAILED);
    memset(memory, 1, size);
  }
  prepare();
  long long *times = calloc(COUNT * rounds, sizeof *times);
  succeeded(times != NULL && rounds > 0);
  for (size_t round = 0; round < rounds; round++)
    for (size_t turn = 0; turn < COUNT; turn++) {
      /* Another begins each round: what one leaves behind falls on the next. */
      size_t way = (turn + round) % COUNT;
      long long start = now();
      WAYS[way].start();
      times[way * rounds + round] = now() - start;
    }
  for (size_t way = 0; way < COUNT; way++) {
    qsort(times + way * rounds, rounds, sizeof *times, by_size);
    printf("%s\t%lld\n", WAYS[way].name, times[way * rounds + rounds / 2]);
  }
  return 0;
}
