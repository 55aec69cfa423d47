/*
 * What the library does, each statement in a function of its own: `behaviour [NAME]`. Whatever restricts a
 * process is tried in a forked child, so that this one ends as it began.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ringfence.h>

#define CHECK(condition)                                                                             \
  do {                                                                                               \
    if (!(condition)) {                                                                              \
      fprintf(stderr, "%s:%d: not so: %s\n", __func__, __LINE__, #condition);                        \
      _exit(1);                                                                                      \
    }                                                                                                \
  } while (0)

static void ok(ringfence_error *error) {
  if (error != NULL) {
    fprintf(stderr, "unexpected: %s\n", ringfence_error_message(error));
    _exit(1);
  }
}

/* The error is the expected one; frees it. */
static void fails(ringfence_error *error, ringfence_code code, const char *part) {
  if (error == NULL || ringfence_error_code(error) != code ||
      strstr(ringfence_error_message(error), part) == NULL) {
    fprintf(stderr, "expected %d with `%s`, got %d: %s\n", (int)code, part,
            (int)ringfence_error_code(error), error ? ringfence_error_message(error) : "success");
    _exit(1);
  }
  ringfence_error_free(error);
}

static ringfence_policy *system_policy(void) {
  static const char *const PATHS[] = {"/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache"};
  ringfence_policy *policy = ringfence_policy_new();
  for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++)
    ringfence_policy_allow_if_present(policy, "ro", PATHS[i]);
  ringfence_policy_allow(policy, "read,write", "/dev/null");
  return policy;
}

static ringfence_sandbox *system_sandbox(void) {
  ringfence_policy *policy = system_policy();
  ringfence_sandbox *sandbox = NULL;
  ok(ringfence_policy_prepare(policy, &sandbox));
  ringfence_policy_free(policy);
  return sandbox;
}

static ringfence_command *shell(const char *script) {
  const char *const arguments[] = {"-c", script, NULL};
  ringfence_command *command = ringfence_command_new("/bin/sh");
  ringfence_command_args(command, arguments);
  return command;
}

/* What a command writes to standard output; it succeeds. */
static void writes(const ringfence_command *command, const char *expected) {
  ringfence_sandbox *sandbox = system_sandbox();
  ringfence_output *output = NULL;
  ringfence_ended ended;
  ok(ringfence_command_output(command, sandbox, &output));
  ok(ringfence_output_ended(output, &ended));
  size_t length;
  const uint8_t *bytes = ringfence_output_stdout(output, &length);
  if (ended.code != 0 || length != strlen(expected) || memcmp(bytes, expected, length) != 0) {
    fprintf(stderr, "code %d, wrote `%.*s`\n", ended.code, (int)length, (const char *)bytes);
    _exit(1);
  }
  ringfence_output_free(output);
  ringfence_sandbox_free(sandbox);
}

static ringfence_ended ends(const ringfence_command *command) {
  ringfence_sandbox *sandbox = system_sandbox();
  ringfence_child *child = NULL;
  ringfence_ended ended;
  ok(ringfence_command_spawn(command, sandbox, &child));
  ok(ringfence_child_wait(child, &ended));
  ringfence_child_free(child);
  ringfence_sandbox_free(sandbox);
  return ended;
}

/* Does something in a forked child, which succeeds. */
static void in_child(void (*act)(void)) {
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

static bool can_read(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0)
    close(fd);
  return fd >= 0;
}

/* --- programs --- */

static void arguments_and_variables_arrive(void) {
  static const char *const variables[] = {"ONE=1", "EMPTY=", "EQUAL=a=b", NULL};
  ringfence_command *command = shell("echo $0-$1-$ONE-$EMPTY-$EQUAL-$TWO-$GONE; pwd");
  ringfence_command_arg(command, "name");
  ringfence_command_arg(command, "first argument");
  ringfence_command_env(command, "FORGOTTEN", "1");
  ringfence_command_env_clear(command);
  ringfence_command_envs(command, variables);
  ringfence_command_env(command, "TWO", "2");
  ringfence_command_env(command, "GONE", "1");
  ringfence_command_env_remove(command, "GONE");
  ringfence_command_current_dir(command, "/usr");
  writes(command, "name-first argument-1--a=b-2-\n/usr\n");
  ringfence_command_free(command);

  CHECK(setenv("INHERITED", "yes", 1) == 0);
  command = shell("echo $INHERITED");
  writes(command, "yes\n");
  ringfence_command_env_clear(command);
  writes(command, "\n");
  ringfence_command_free(command);

  command = ringfence_command_new("/bin/sh");
  ringfence_command_arg0(command, "called");
  ringfence_command_arg(command, "-c");
  ringfence_command_arg(command, "echo $0");
  writes(command, "called\n");
  ringfence_command_free(command);
}

static void descriptors_arrive_and_stay_the_callers(void) {
  FILE *input = tmpfile();
  CHECK(input != NULL);
  fputs("from a file", input);
  rewind(input);
  ringfence_command *command = shell("cat; echo not inherited >&9 || echo closed");
  ringfence_command_stdin(command, fileno(input));
  ringfence_command_stderr(command, RINGFENCE_STDIO_NULL);
  CHECK(dup2(fileno(input), 9) == 9);
  writes(command, "from a fileclosed\n");
  CHECK(fcntl(fileno(input), F_GETFD) >= 0);
  close(9);
  fclose(input);
  ringfence_command_free(command);

  command = shell("read line; echo got $line");
  ringfence_command_stdin(command, RINGFENCE_STDIO_PIPED);
  ringfence_command_stdout(command, RINGFENCE_STDIO_PIPED);
  ringfence_sandbox *sandbox = system_sandbox();
  ringfence_child *child = NULL;
  ok(ringfence_command_spawn(command, sandbox, &child));
  int to = ringfence_child_take_stdin(child);
  int from = ringfence_child_take_stdout(child);
  CHECK(to >= 0 && from >= 0 && ringfence_child_take_stderr(child) == -1);
  CHECK(ringfence_child_take_stdin(child) == -1);
  CHECK(write(to, "hello\n", 6) == 6 && close(to) == 0);
  char text[32] = {0};
  CHECK(read(from, text, sizeof text - 1) == 10 && strcmp(text, "got hello\n") == 0);
  close(from);
  ringfence_ended ended;
  ok(ringfence_child_wait(child, &ended));
  CHECK(ended.code == 0 && ended.signal == 0 && ended.limit == RINGFENCE_LIMIT_NONE);
  ringfence_child_free(child);
  ringfence_sandbox_free(sandbox);
  ringfence_command_free(command);
}

static void a_program_may_do_what_its_policy_says(void) {
  ringfence_command *command = shell("cat /etc/passwd > /dev/null 2> /dev/null");
  CHECK(can_read("/etc/passwd"));
  CHECK(ends(command).code != 0);
  ringfence_policy *policy = system_policy();
  ringfence_policy_allow(policy, "read", "/etc/passwd");
  ringfence_sandbox *sandbox = NULL;
  ok(ringfence_policy_prepare(policy, &sandbox));
  ringfence_output *output = NULL;
  ringfence_ended ended;
  ok(ringfence_command_output(command, sandbox, &output));
  ok(ringfence_output_ended(output, &ended));
  CHECK(ended.code == 0);
  ringfence_output_free(output);
  ringfence_sandbox_free(sandbox);
  ringfence_policy_free(policy);
  ringfence_command_free(command);
}

static void limits_end_programs_and_are_told(void) {
  ringfence_command *command = shell("while :; do :; done");
  ringfence_command_limit(command, RINGFENCE_LIMIT_WALL, 100);
  ringfence_ended ended = ends(command);
  CHECK(ended.limit == RINGFENCE_LIMIT_WALL && ended.signal == SIGKILL && ended.code == -1);
  ringfence_command_free(command);

  command = shell("while :; do :; done");
  ringfence_command_limit(command, RINGFENCE_LIMIT_CPU, 1);
  ended = ends(command);
  CHECK(ended.limit == RINGFENCE_LIMIT_CPU && ended.signal == SIGXCPU);
  ringfence_command_free(command);

  command = shell("while :; do echo flood; done");
  ringfence_command_limit(command, RINGFENCE_LIMIT_OUTPUT, 1000);
  ringfence_sandbox *sandbox = system_sandbox();
  ringfence_output *output = NULL;
  ok(ringfence_command_output(command, sandbox, &output));
  ok(ringfence_output_ended(output, &ended));
  size_t length;
  CHECK(ringfence_output_stdout(output, &length) != NULL && length == 1000);
  CHECK(ringfence_output_is_truncated(output) && ended.limit == RINGFENCE_LIMIT_OUTPUT);
  ringfence_output_free(output);
  ringfence_sandbox_free(sandbox);
  ringfence_command_limit(command, 99, 1);
  ringfence_child *child = NULL;
  sandbox = system_sandbox();
  fails(ringfence_command_spawn(command, sandbox, &child), RINGFENCE_CODE_ARGUMENT, "99");
  ringfence_sandbox_free(sandbox);
  ringfence_command_free(command);

  command = shell("ulimit -n");
  ringfence_command_limit(command, RINGFENCE_LIMIT_OPEN_FILES, 17);
  writes(command, "17\n");
  ringfence_command_free(command);
}

static void a_child_can_be_watched_killed_and_dropped(void) {
  ringfence_sandbox *sandbox = system_sandbox();
  ringfence_command *command = shell("sleep 1000");
  ringfence_child *child = NULL;
  ringfence_ended ended;
  bool has_ended = true;
  ok(ringfence_command_spawn(command, sandbox, &child));
  struct pollfd watched = {ringfence_child_pidfd(child), POLLIN, 0};
  CHECK(poll(&watched, 1, 0) == 0);
  ok(ringfence_child_try_wait(child, &has_ended, &ended));
  CHECK(!has_ended && kill((pid_t)ringfence_child_id(child), 0) == 0);
  ok(ringfence_child_kill(child));
  CHECK(poll(&watched, 1, 5000) == 1);
  ok(ringfence_child_try_wait(child, &has_ended, &ended));
  CHECK(has_ended && ended.signal == SIGKILL);
  ok(ringfence_child_wait(child, &ended));
  CHECK(ended.signal == SIGKILL);
  ok(ringfence_child_kill(child));
  ringfence_child_free(child);

  ok(ringfence_command_spawn(command, sandbox, &child));
  pid_t pid = (pid_t)ringfence_child_id(child);
  ringfence_child_free(child);
  CHECK(kill(pid, 0) < 0 && errno == ESRCH);
  ringfence_command_free(command);
  ringfence_sandbox_free(sandbox);
}

static void a_start_that_fails_says_why(void) {
  ringfence_sandbox *sandbox = system_sandbox();
  ringfence_child *child = (ringfence_child *)&sandbox;
  ringfence_command *command = ringfence_command_new("no-such-program");
  fails(ringfence_command_spawn(command, sandbox, &child), RINGFENCE_CODE_NOT_FOUND, "no-such-program");
  CHECK(child == NULL);
  ringfence_command_free(command);
  command = ringfence_command_new("/usr/no/such/program");
  fails(ringfence_command_spawn(command, sandbox, &child), RINGFENCE_CODE_NOT_FOUND, "/usr/no/such");
  ringfence_command_free(command);
  command = ringfence_command_new("/usr");
  fails(ringfence_command_spawn(command, sandbox, &child), RINGFENCE_CODE_NOT_EXECUTABLE, "/usr");
  ringfence_command_free(command);
  command = ringfence_command_new("/bin/true");
  ringfence_command_stdin(command, 9999);
  ringfence_error *error = ringfence_command_spawn(command, sandbox, &child);
  CHECK(ringfence_error_errno(error) == EBADF);
  fails(error, RINGFENCE_CODE_SPAWN, "standard input");
  ringfence_command_free(command);
  command = ringfence_command_new("/bin/true");
  ringfence_command_current_dir(command, "/no/such/directory");
  error = ringfence_command_spawn(command, sandbox, &child);
  CHECK(ringfence_error_errno(error) == ENOENT);
  fails(error, RINGFENCE_CODE_SPAWN, "/no/such/directory");
  ringfence_command_free(command);
  ringfence_sandbox_free(sandbox);
}

static void start_as_another_user(void) {
  static const uint32_t groups[] = {1234, 4321};
  ringfence_command *command = shell("id -u; id -g; id -G");
  ringfence_command_uid(command, 65534);
  ringfence_sandbox *sandbox = system_sandbox();
  ringfence_child *child = NULL;
  if (geteuid() != 0) {
    ringfence_command_gid(command, 65533);
    ringfence_error *error = ringfence_command_spawn(command, sandbox, &child);
    /* Whoever is that user already may be, and has no right to groups. */
    CHECK(error == NULL || ringfence_error_code(error) == RINGFENCE_CODE_SPAWN);
    ringfence_error_free(error);
    ringfence_child_free(child);
  } else {
    fails(ringfence_command_spawn(command, sandbox, &child), RINGFENCE_CODE_SPAWN, "say `gid` as well");
    ringfence_command_gid(command, 65533);
    writes(command, "65534\n65533\n65533\n");
    ringfence_command_groups(command, groups, 2);
    writes(command, "65534\n65533\n65533 1234 4321\n");
    ringfence_command_groups(command, NULL, 0);
    writes(command, "65534\n65533\n65533\n");
    ringfence_command *own = shell("id -u");
    writes(own, "0\n");
    ringfence_command_free(own);
  }
  ringfence_sandbox_free(sandbox);
  ringfence_command_free(command);
}

static void a_program_of_another_user_is_that_users(void) {
  /* What starts such a program cannot be traced any more, by which leaks would be looked for. */
  in_child(start_as_another_user);
}

static void what_holds_a_limit_is_told(void) {
  ringfence_command *command = shell("true");
  char *text = NULL;
  ok(ringfence_command_limits_text(command, &text));
  CHECK(strcmp(text, "") == 0);
  ringfence_string_free(text);
  ringfence_command_limit(command, RINGFENCE_LIMIT_FILE_SIZE, 1);
  ringfence_command_limit(command, RINGFENCE_LIMIT_CPU, 1000);
  ok(ringfence_command_limits_text(command, &text));
  CHECK(strcmp(text, "cpu: by RLIMIT_CPU; each process has it for itself\n"
                     "file-size: by RLIMIT_FSIZE; each file has it for itself, and disk that is set aside behind its end is not counted\n") == 0);
  ringfence_string_free(text);
  ringfence_command_free(command);
}

/* --- functions --- */

/* What a confined function does, and whether it could read a file. */
static int confined_act(void *data, ringfence_reply *reply) {
  const char *act = data;
  char answer[64];
  if (strcmp(act, "crash") == 0)
    abort();
  if (strcmp(act, "exit") == 0)
    _exit(0);
  if (strcmp(act, "kill") == 0)
    kill(getpid(), SIGKILL);
  if (strcmp(act, "spin") == 0)
    for (;;)
      pause();
  if (strncmp(act, "fd ", 3) == 0)
    return write(atoi(act + 3), "kept", 4) == 4 ? 0 : errno;
  if (strcmp(act, "long") == 0) {
    for (int i = 0; i < 1000; i++)
      ok(ringfence_reply_write(reply, (const uint8_t *)answer, sizeof answer));
    return 0;
  }
  int length = snprintf(answer, sizeof answer, "%s: %s", act, can_read("/etc/passwd") ? "open" : "closed");
  ok(ringfence_reply_write(reply, NULL, 0));
  ok(ringfence_reply_write(reply, (const uint8_t *)answer, 1));
  ok(ringfence_reply_write(reply, (const uint8_t *)answer + 1, (size_t)length - 1));
  return 300;
}

static void confined_fails(const ringfence_confined *confined, const char *act, ringfence_code code,
                           const char *part) {
  ringfence_sandbox *sandbox = system_sandbox();
  ringfence_output *output = (ringfence_output *)&sandbox;
  char data[16];
  snprintf(data, sizeof data, "%s", act);
  fails(ringfence_confined_run(confined, sandbox, confined_act, data, &output), code, part);
  CHECK(output == NULL);
  ringfence_sandbox_free(sandbox);
}

static void a_function_runs_in_a_restricted_copy_and_replies(void) {
  CHECK(can_read("/etc/passwd"));
  ringfence_sandbox *sandbox = system_sandbox();
  ringfence_confined *confined = ringfence_confined_new();
  ringfence_output *output = NULL;
  ringfence_ended ended;
  char word[] = "word";
  for (int round = 0; round < 2; round++) {
    ok(ringfence_confined_run(confined, sandbox, confined_act, word, &output));
    ok(ringfence_output_ended(output, &ended));
    size_t length;
    const uint8_t *reply = ringfence_output_stdout(output, &length);
    CHECK(ended.code == 300 && ended.signal == 0 && ended.limit == RINGFENCE_LIMIT_NONE);
    CHECK(length == 12 && memcmp(reply, "word: closed", length) == 0);
    ringfence_output_free(output);
  }
  CHECK(can_read("/etc/passwd"));
  ringfence_confined_longest_reply(confined, 12);
  ok(ringfence_confined_run(confined, sandbox, confined_act, word, &output));
  ringfence_output_free(output);
  ringfence_confined_longest_reply(confined, 11);
  fails(ringfence_confined_run(confined, sandbox, confined_act, word, &output), RINGFENCE_CODE_LIMIT,
        "more than 11 bytes");
  ringfence_confined_free(confined);
  ringfence_sandbox_free(sandbox);
}

static void a_function_without_a_reply_is_told_by_why_it_has_none(void) {
  ringfence_confined *confined = ringfence_confined_new();
  confined_fails(confined, "crash", RINGFENCE_CODE_CRASHED, "signal 6");
  confined_fails(confined, "kill", RINGFENCE_CODE_KILLED, "killed");
  confined_fails(confined, "exit", RINGFENCE_CODE_NO_REPLY, "without an answer");
  ringfence_confined_longest_reply(confined, 1000);
  confined_fails(confined, "long", RINGFENCE_CODE_LIMIT, "more than 1000 bytes");
  ringfence_confined_limit(confined, RINGFENCE_LIMIT_WALL, 100);
  confined_fails(confined, "spin", RINGFENCE_CODE_LIMIT, "wall");
  ringfence_confined_limit(confined, 99, 1);
  confined_fails(confined, "word", RINGFENCE_CODE_ARGUMENT, "99");
  ringfence_confined_free(confined);
}

static void a_function_has_the_descriptors_that_it_is_left(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  char act[16];
  snprintf(act, sizeof act, "fd %d", ends[1]);
  ringfence_sandbox *sandbox = system_sandbox();
  ringfence_confined *confined = ringfence_confined_new();
  for (int kept = 0; kept < 2; kept++) {
    ringfence_output *output = NULL;
    ringfence_ended ended;
    ok(ringfence_confined_run(confined, sandbox, confined_act, act, &output));
    ok(ringfence_output_ended(output, &ended));
    CHECK(ended.code == (kept ? 0 : EBADF));
    ringfence_output_free(output);
    ringfence_confined_keep(confined, ends[1]);
  }
  char text[8] = {0};
  CHECK(read(ends[0], text, sizeof text - 1) == 4 && strcmp(text, "kept") == 0);
  close(ends[0]);
  close(ends[1]);
  ringfence_confined_free(confined);
  ringfence_sandbox_free(sandbox);
}

/* --- policies and plans --- */

static void a_line_that_cannot_be_used_is_remembered(void) {
  ringfence_policy *policy = ringfence_policy_new();
  ringfence_plan *plan = (ringfence_plan *)&policy;
  ringfence_policy_allow(policy, "raed", "/usr");
  ringfence_policy_ro(policy, "/usr");
  ringfence_policy_connect_tcp(policy, "nonsense");
  fails(ringfence_policy_check(policy), RINGFENCE_CODE_ARGUMENT, "did you mean `read`?");
  fails(ringfence_plan_new(policy, NULL, &plan), RINGFENCE_CODE_ARGUMENT, "raed");
  CHECK(plan == NULL);
  ringfence_policy_free(policy);

  policy = ringfence_policy_new();
  ringfence_policy_port_range(policy, "connect-tcp", 1, 70000);
  fails(ringfence_policy_check(policy), RINGFENCE_CODE_ARGUMENT, "70000 is no port");
  ringfence_policy_free(policy);

  policy = ringfence_policy_new();
  ringfence_policy_port_range(policy, "connect-tcp", 9, 8);
  fails(ringfence_policy_check(policy), RINGFENCE_CODE_POLICY, "the range of ports is empty");
  ringfence_policy_free(policy);

  policy = ringfence_policy_new();
  ringfence_policy_allow_class(policy, "debug,notfications");
  fails(ringfence_policy_check(policy), RINGFENCE_CODE_ARGUMENT, "did you mean `notifications`?");
  ringfence_policy_free(policy);
}

static void what_a_kernel_cannot_do_is_told_apart(void) {
  ringfence_policy *policy = ringfence_policy_new();
  ringfence_policy_ro(policy, "/no/such/path");
  ringfence_policy_connect_tcp(policy, "443");
  ringfence_kernel *old = ringfence_kernel_with_abi(3);
  ringfence_plan *plan = NULL;
  ringfence_sandbox *sandbox = NULL;
  ok(ringfence_plan_new(policy, old, &plan));
  CHECK(ringfence_kernel_abi(old) == 3);
  ringfence_kernel_free(old);
  fails(ringfence_plan_check(plan), RINGFENCE_CODE_KERNEL, "ABI 4 (Linux 6.7)");
  fails(ringfence_plan_prepare(plan, &sandbox), RINGFENCE_CODE_KERNEL, "ABI 4 (Linux 6.7)");
  ringfence_plan_free(plan);
  fails(ringfence_policy_prepare(policy, &sandbox), RINGFENCE_CODE_PATH, "/no/such/path");
  CHECK(sandbox == NULL);
  ringfence_policy_free(policy);

  static const char yaml[] = "version: 1\nro: [/usr]\nconect-tcp: [443]\n";
  fails(ringfence_policy_from_yaml(yaml, sizeof yaml - 1, &policy), RINGFENCE_CODE_POLICY, "connect-tcp");
  static const char nul[] = "version: 1\nro: [/u\0sr]\n";
  fails(ringfence_policy_from_yaml(nul, sizeof nul - 1, &policy), RINGFENCE_CODE_POLICY, "");
}

static void policies_can_be_merged_and_templates_narrowed(void) {
  ringfence_policy *one = system_policy(), *other = ringfence_policy_new(), *both = NULL;
  ringfence_policy_rw(other, "/tmp");
  ok(ringfence_policy_merge(one, other, &both));
  ringfence_policy_free(other);
  ringfence_plan *plan = NULL;
  ringfence_answer answer;
  ok(ringfence_plan_new(both, NULL, &plan));
  ringfence_policy_free(both);
  ok(ringfence_plan_decide_path(plan, "create", "/tmp/x", &answer));
  CHECK(answer == RINGFENCE_ANSWER_ALLOWED && ringfence_answer_is_allowed(answer));
  ok(ringfence_plan_decide_path(plan, "create", "/usr/x", &answer));
  CHECK(answer == RINGFENCE_ANSWER_DENIED_BY_LANDLOCK && !ringfence_answer_is_allowed(answer));
  ringfence_plan_free(plan);

  ringfence_template *shared = NULL;
  ringfence_sandbox *sandbox = NULL;
  ok(ringfence_template_new(one, &shared));
  ringfence_policy *more = ringfence_policy_new();
  ringfence_policy_best_effort(more);
  fails(ringfence_template_with(shared, more, &sandbox), RINGFENCE_CODE_ARGUMENT, "template");
  ringfence_policy_free(more);
  more = ringfence_policy_new();
  ok(ringfence_template_with(shared, more, &sandbox));
  ringfence_policy_free(more);
  ringfence_template_free(shared);
  ringfence_policy_free(one);
  ringfence_command *command = ringfence_command_new("/bin/true");
  ringfence_output *output = NULL;
  ok(ringfence_command_output(command, sandbox, &output));
  ringfence_output_free(output);
  ringfence_command_free(command);
  ringfence_sandbox_free(sandbox);
}

static void a_sandbox_tells_its_plan(void) {
  ringfence_policy *policy = system_policy();
  ringfence_policy_audit(policy);
  ringfence_policy_allow_if_present(policy, "read", "/no/such/path");
  ringfence_policy_best_effort(policy);
  ringfence_sandbox *sandbox = NULL;
  ringfence_plan *plan = NULL;
  char *json = NULL;
  ok(ringfence_policy_prepare(policy, &sandbox));
  ok(ringfence_sandbox_plan(sandbox, &plan));
  ringfence_sandbox_free(sandbox);
  ok(ringfence_plan_json(plan, &json));
  CHECK(strstr(json, "\"by\": \"skipped\"") != NULL);
  ringfence_string_free(json);
  ringfence_plan_free(plan);
  ringfence_policy_free(policy);
}

/* --- this process --- */

static void restrict_all(void) {
  ringfence_status status;
  ok(ringfence_status_own(&status));
  int layers = status.landlock_layers;
  ringfence_sandbox *sandbox = system_sandbox();
  CHECK(can_read("/etc/passwd"));
  ok(ringfence_sandbox_enforce(sandbox));
  CHECK(!can_read("/etc/passwd") && errno == EACCES && can_read("/usr/bin/env"));
  ok(ringfence_status_own(&status));
  CHECK(status.landlock_layers == layers + 1 && status.no_new_privs && status.seccomp_mode == 2);
  fails(ringfence_sandbox_enforce(sandbox), RINGFENCE_CODE_ARGUMENT, "spent");
  ringfence_command *command = ringfence_command_new("/bin/true");
  ringfence_child *child = NULL;
  fails(ringfence_command_spawn(command, sandbox, &child), RINGFENCE_CODE_ARGUMENT, "spent");
  ringfence_command_free(command);
  ringfence_sandbox_free(sandbox);
}

static sem_t go, done;
static bool other_can_read;

static void *another(void *unused) {
  sem_wait(&go);
  other_can_read = can_read("/etc/passwd");
  sem_post(&done);
  return unused;
}

static bool other_thread_can_read(ringfence_error *(*enforce)(ringfence_sandbox *)) {
  pthread_t thread;
  CHECK(sem_init(&go, 0, 0) == 0 && sem_init(&done, 0, 0) == 0);
  CHECK(pthread_create(&thread, NULL, another, NULL) == 0);
  ringfence_sandbox *sandbox = system_sandbox();
  ok(enforce(sandbox));
  CHECK(!can_read("/etc/passwd"));
  sem_post(&go);
  sem_wait(&done);
  ringfence_sandbox_free(sandbox);
  return other_can_read;
}

static void restrict_threads(void) {
  CHECK(!other_thread_can_read(ringfence_sandbox_enforce));
}

static void restrict_one_thread(void) {
  CHECK(other_thread_can_read(ringfence_sandbox_enforce_this_thread));
}

static void a_process_restricts_itself_with_all_its_threads_or_one(void) {
  in_child(restrict_all);
  in_child(restrict_threads);
  in_child(restrict_one_thread);
  CHECK(can_read("/etc/passwd"));
}

/* --- many threads --- */

static ringfence_template *many_shared;
static ringfence_plan *many_plan;
static ringfence_command *many_command;

static void *one_of_many(void *unused) {
  for (int i = 0; i < 40; i++) {
    char path[64];
    ringfence_sandbox *sandbox = NULL, *none = NULL;
    ringfence_child *child = NULL;
    ringfence_ended ended;
    ringfence_answer answer;
    snprintf(path, sizeof path, "/usr/%d", i);
    ok(ringfence_plan_decide_path(many_plan, "read", path, &answer));
    CHECK(answer == RINGFENCE_ANSWER_ALLOWED);
    ok(ringfence_template_with_rw(many_shared, "/tmp", &sandbox));
    ok(ringfence_command_spawn(many_command, sandbox, &child));
    fails(ringfence_template_with_rw(many_shared, "/no/such/path", &none), RINGFENCE_CODE_PATH, "/no/such");
    ok(ringfence_child_wait(child, &ended));
    CHECK(ended.code == 0);
    ringfence_child_free(child);
    ringfence_sandbox_free(sandbox);
  }
  return unused;
}

static void what_is_const_may_be_used_by_many_threads_at_once(void) {
  pthread_t threads[8];
  ringfence_policy *policy = system_policy();
  ok(ringfence_template_new(policy, &many_shared));
  ok(ringfence_plan_new(policy, NULL, &many_plan));
  many_command = ringfence_command_new("/bin/true");
  for (int i = 0; i < 8; i++)
    CHECK(pthread_create(&threads[i], NULL, one_of_many, NULL) == 0);
  for (int i = 0; i < 8; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  ringfence_command_free(many_command);
  ringfence_plan_free(many_plan);
  ringfence_template_free(many_shared);
  ringfence_policy_free(policy);
}

#define STATEMENT(name) {#name, name}

static const struct {
  const char *name;
  void (*holds)(void);
} STATEMENTS[] = {
    STATEMENT(arguments_and_variables_arrive),
    STATEMENT(descriptors_arrive_and_stay_the_callers),
    STATEMENT(a_program_may_do_what_its_policy_says),
    STATEMENT(limits_end_programs_and_are_told),
    STATEMENT(a_child_can_be_watched_killed_and_dropped),
    STATEMENT(a_start_that_fails_says_why),
    STATEMENT(a_program_of_another_user_is_that_users),
    STATEMENT(what_holds_a_limit_is_told),
    STATEMENT(a_function_runs_in_a_restricted_copy_and_replies),
    STATEMENT(a_function_without_a_reply_is_told_by_why_it_has_none),
    STATEMENT(a_function_has_the_descriptors_that_it_is_left),
    STATEMENT(a_line_that_cannot_be_used_is_remembered),
    STATEMENT(what_a_kernel_cannot_do_is_told_apart),
    STATEMENT(policies_can_be_merged_and_templates_narrowed),
    STATEMENT(a_sandbox_tells_its_plan),
    STATEMENT(a_process_restricts_itself_with_all_its_threads_or_one),
    STATEMENT(what_is_const_may_be_used_by_many_threads_at_once),
};

int main(int count, char **arguments) {
  int tried = 0;
  for (size_t i = 0; i < sizeof STATEMENTS / sizeof STATEMENTS[0]; i++)
    if (count < 2 || strcmp(arguments[1], STATEMENTS[i].name) == 0) {
      STATEMENTS[i].holds();
      tried++;
    }
  return tried > 0 ? 0 : 2;
}
