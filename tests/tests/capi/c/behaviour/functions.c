/* Confined functions: what they reply, why they do not, what they are left. */
#include "statements.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

int main(int count, char **arguments) {
  static const struct statement statements[] = {
      STATEMENT(a_function_runs_in_a_restricted_copy_and_replies),
      STATEMENT(a_function_without_a_reply_is_told_by_why_it_has_none),
      STATEMENT(a_function_has_the_descriptors_that_it_is_left),
      {NULL, NULL},
  };
  return try_statements(statements, count > 1 ? arguments[1] : NULL);
}
