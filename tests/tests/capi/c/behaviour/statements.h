/*
 * What the programs here share. Each is a list of statements, and is called as `PROGRAM [STATEMENT]`. Whatever
 * restricts a process is tried in a forked child, so that the program ends as it began.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ringfence.h>

struct statement {
  const char *name;
  void (*holds)(void);
};

/* One of a list, which ends with one that has no name. `behaviour.rs` finds them by this word. */
#define STATEMENT(name) {#name, name}

/* Tries all statements, or the one that is named; for `main` to return. */
static inline int try_statements(const struct statement *statements, const char *name) {
  int tried = 0;
  for (; statements->name != NULL; statements++)
    if (name == NULL || strcmp(name, statements->name) == 0) {
      statements->holds();
      tried++;
    }
  return tried > 0 ? 0 : 2;
}

#define CHECK(condition)                                                                             \
  do {                                                                                               \
    if (!(condition)) {                                                                              \
      fprintf(stderr, "%s:%d: not so: %s\n", __func__, __LINE__, #condition);                        \
      _exit(1);                                                                                      \
    }                                                                                                \
  } while (0)

static inline void ok(ringfence_error *error) {
  if (error != NULL) {
    fprintf(stderr, "unexpected: %s\n", ringfence_error_message(error));
    _exit(1);
  }
}

/* The error is the expected one; frees it. */
static inline void fails(ringfence_error *error, ringfence_code code, const char *part) {
  if (error == NULL || ringfence_error_code(error) != code ||
      strstr(ringfence_error_message(error), part) == NULL) {
    fprintf(stderr, "expected %d with `%s`, got %d: %s\n", (int)code, part,
            (int)ringfence_error_code(error), error ? ringfence_error_message(error) : "success");
    _exit(1);
  }
  ringfence_error_free(error);
}

static inline ringfence_policy *system_policy(void) {
  static const char *const PATHS[] = {"/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache"};
  ringfence_policy *policy = ringfence_policy_new();
  for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++)
    ringfence_policy_allow_if_present(policy, "ro", PATHS[i]);
  ringfence_policy_allow(policy, "read,write", "/dev/null");
  return policy;
}

static inline ringfence_sandbox *system_sandbox(void) {
  ringfence_policy *policy = system_policy();
  ringfence_sandbox *sandbox = NULL;
  ok(ringfence_policy_prepare(policy, &sandbox));
  ringfence_policy_free(policy);
  return sandbox;
}

/* Does something in a forked child, which succeeds. */
static inline void in_child(void (*act)(void)) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    act();
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline bool can_read(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0)
    close(fd);
  return fd >= 0;
}
