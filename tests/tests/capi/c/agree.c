/*
 * Makes plans and answers questions as the lines of standard input say, so that they can be compared with
 * what the library says in Rust. Fields are separated by tabs; an empty line ends the arguments of a plan.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ringfence.h>

#define MOST 16

static void fail(ringfence_error *error) {
  fprintf(stderr, "agree: %d: %s\n", (int)ringfence_error_code(error), ringfence_error_message(error));
  ringfence_error_free(error);
  exit(1);
}

static void require(ringfence_error *error) {
  if (error != NULL)
    fail(error);
}

/* The functions that take a policy and one text. */
static const struct {
  const char *name;
  void (*add)(ringfence_policy *policy, const char *text);
} LINES[] = {
    {"ro", ringfence_policy_ro},
    {"rw", ringfence_policy_rw},
    {"connect-unix", ringfence_policy_connect_unix},
    {"connect-tcp", ringfence_policy_connect_tcp},
    {"bind-tcp", ringfence_policy_bind_tcp},
    {"connect-udp", ringfence_policy_connect_udp},
    {"bind-udp", ringfence_policy_bind_udp},
    {"allow-class", ringfence_policy_allow_class},
    {"deny-class", ringfence_policy_deny_class},
    {"allow-syscalls", ringfence_policy_allow_syscalls},
    {"deny-syscalls", ringfence_policy_deny_syscalls},
    {"only-syscalls", ringfence_policy_only_syscalls},
    {"other-syscalls", ringfence_policy_other_syscalls},
};

/* Those that take words and a path. */
static const struct {
  const char *name;
  void (*add)(ringfence_policy *policy, const char *words, const char *path);
} PATHS[] = {
    {"allow", ringfence_policy_allow},
    {"allow-if-present", ringfence_policy_allow_if_present},
    {"allow-matching", ringfence_policy_allow_matching},
};

/* Those that take nothing. */
static const struct {
  const char *name;
  void (*set)(ringfence_policy *policy);
} SWITCHES[] = {
    {"unrestricted-fs", ringfence_policy_unrestricted_fs},
    {"unrestricted-net", ringfence_policy_unrestricted_net},
    {"unrestricted-ipc", ringfence_policy_unrestricted_ipc},
    {"unrestricted-syscalls", ringfence_policy_unrestricted_syscalls},
    {"best-effort", ringfence_policy_best_effort},
    {"require-complete", ringfence_policy_require_complete},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void add(ringfence_policy *policy, char **fields) {
  for (size_t i = 0; i < COUNT(LINES); i++)
    if (strcmp(fields[0], LINES[i].name) == 0) {
      LINES[i].add(policy, fields[1]);
      return;
    }
  for (size_t i = 0; i < COUNT(PATHS); i++)
    if (strcmp(fields[0], PATHS[i].name) == 0) {
      PATHS[i].add(policy, fields[1], fields[2]);
      return;
    }
  for (size_t i = 0; i < COUNT(SWITCHES); i++)
    if (strcmp(fields[0], SWITCHES[i].name) == 0) {
      SWITCHES[i].set(policy);
      return;
    }
  if (strcmp(fields[0], "allow-except") == 0) {
    ringfence_policy_allow_except(policy, fields[1], fields[2], (const char *const *)fields + 3);
  } else if (strcmp(fields[0], "minimum-abi") == 0) {
    ringfence_policy_minimum_abi(policy, (uint32_t)strtoul(fields[1], NULL, 10));
  } else {
    fprintf(stderr, "agree: no line is called %s\n", fields[0]);
    exit(1);
  }
}

static uint32_t kind(const char *name) {
  static const char *const KINDS[] = {"none",   "regular", "directory",   "symlink",
                                      "socket", "fifo",    "char-device", "block-device"};
  for (uint32_t i = 0; i < COUNT(KINDS); i++)
    if (strcmp(name, KINDS[i]) == 0)
      return RINGFENCE_FILE_NONE + i;
  return 99;
}

static void ask(const ringfence_plan *plan, char **fields) {
  static const char *const ANSWERS[] = {
      "none", "allowed", "unrestricted", "open", "denied-by-landlock", "denied-by-seccomp", "widens"};
  ringfence_answer answer;
  ringfence_error *error;
  if (strcmp(fields[0], "path") == 0)
    error = ringfence_plan_decide_path(plan, fields[1], fields[2], &answer);
  else if (strcmp(fields[0], "port") == 0)
    error = ringfence_plan_decide_port(plan, fields[1], (uint32_t)strtoul(fields[2], NULL, 10), &answer);
  else if (strcmp(fields[0], "class") == 0)
    error = ringfence_plan_decide_class(plan, fields[1], &answer);
  else if (strcmp(fields[0], "rename") == 0)
    error = ringfence_plan_decide_rename(plan, fields[1], kind(fields[2]), fields[3], kind(fields[4]), &answer);
  else if (strcmp(fields[0], "exchange") == 0)
    error = ringfence_plan_decide_exchange(plan, fields[1], kind(fields[2]), fields[3], kind(fields[4]), &answer);
  else
    error = ringfence_plan_decide_link(plan, fields[1], kind(fields[2]), fields[3], &answer);
  require(error);
  printf("%s %d\n", ANSWERS[answer], ringfence_answer_is_allowed(answer));
}

static ringfence_plan *plan_for(const ringfence_policy *policy, const char *abi) {
  ringfence_plan *plan = NULL;
  if (strcmp(abi, "running") == 0) {
    require(ringfence_plan_new(policy, NULL, &plan));
    require(ringfence_plan_look_up(plan));
    return plan;
  }
  ringfence_kernel *kernel = ringfence_kernel_with_abi((uint32_t)strtoul(abi, NULL, 10));
  require(ringfence_plan_new(policy, kernel, &plan));
  ringfence_kernel_free(kernel);
  return plan;
}

static void print_plan(const ringfence_plan *plan) {
  char *json = NULL;
  require(ringfence_plan_json(plan, &json));
  fputs(json, stdout);
  ringfence_string_free(json);
  char *text = NULL;
  require(ringfence_plan_text(plan, &text));
  fputs(text, stdout);
  ringfence_string_free(text);
}

int main(void) {
  ringfence_policy *policy = ringfence_policy_new();
  ringfence_plan *plan = NULL;
  char *line = NULL;
  size_t size = 0;
  ssize_t length;
  while ((length = getline(&line, &size, stdin)) > 0) {
    line[length - 1] = '\0';
    char *fields[MOST] = {NULL};
    size_t count = 0;
    for (char *at = line; at != NULL && count < MOST - 1;) {
      fields[count++] = at;
      at = strchr(at, '\t');
      if (at != NULL)
        *at++ = '\0';
    }
    if (strcmp(fields[0], "line") == 0) {
      add(policy, fields + 1);
    } else if (strcmp(fields[0], "yaml") == 0) {
      size_t bytes = strtoul(fields[1], NULL, 10);
      char *yaml = malloc(bytes + 1);
      if (yaml == NULL || fread(yaml, 1, bytes, stdin) != bytes)
        return 1;
      ringfence_policy_free(policy);
      require(ringfence_policy_from_yaml(yaml, bytes, &policy));
      free(yaml);
    } else if (strcmp(fields[0], "file") == 0) {
      ringfence_policy_free(policy);
      require(ringfence_policy_from_file(fields[1], &policy));
    } else if (strcmp(fields[0], "plan") == 0) {
      ringfence_plan_free(plan);
      plan = plan_for(policy, fields[1]);
      print_plan(plan);
      ringfence_policy_free(policy);
      policy = ringfence_policy_new();
    } else {
      ask(plan, fields + 1);
    }
  }
  free(line);
  ringfence_plan_free(plan);
  ringfence_policy_free(policy);
  return 0;
}
