/* Programs in sandboxes: what they are given, what they may do, what ends them. */
#include "statements.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
                     "file-size: by RLIMIT_FSIZE; each file has it for itself, and disk that is "
                     "set aside behind its end is not counted\n") == 0);
  ringfence_string_free(text);
  ringfence_command_free(command);
}

int main(int count, char **arguments) {
  static const struct statement statements[] = {
      STATEMENT(arguments_and_variables_arrive),
      STATEMENT(descriptors_arrive_and_stay_the_callers),
      STATEMENT(a_program_may_do_what_its_policy_says),
      STATEMENT(limits_end_programs_and_are_told),
      STATEMENT(a_child_can_be_watched_killed_and_dropped),
      STATEMENT(a_start_that_fails_says_why),
      STATEMENT(a_program_of_another_user_is_that_users),
      STATEMENT(what_holds_a_limit_is_told),
      {NULL, NULL},
  };
  return try_statements(statements, count > 1 ? arguments[1] : NULL);
}
