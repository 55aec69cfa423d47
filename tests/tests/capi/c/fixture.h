/*
 * A handle of each kind, made anew for each call that a generated program tries, and what to expect of the
 * answers. `tests/capi/arguments.rs` generates the calls.
 */
#define _POSIX_C_SOURCE 200809L

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ringfence.h>

struct handles {
  ringfence_error *error;
  ringfence_policy *policy;
  ringfence_kernel *kernel;
  ringfence_plan *plan;
  ringfence_sandbox *sandbox;
  ringfence_template *template_;
  ringfence_command *command;
  ringfence_child *child;
  ringfence_output *output;
  ringfence_cgroups *cgroups;
  ringfence_confined *confined;
  /* There is one in a function that runs alone. */
  ringfence_reply *reply;
  char *string;
};

/* Where answers go: full of what no function may take for a pointer. */
union place {
  void *pointer;
  char *string;
  size_t size;
  bool truth;
  ringfence_answer answer;
  ringfence_ended ended;
  ringfence_status status;
  unsigned char bytes[64];
};

static const char *trying;
static int failures;

static inline void complain(const char *what) {
  printf("%s: %s\n", trying, what);
  failures++;
}

/* An error has a code and a sentence, and is freed here; whether there was one. */
static inline bool was_error(ringfence_error *error) {
  if (error == NULL)
    return false;
  if (ringfence_error_code(error) == RINGFENCE_CODE_NONE)
    complain("an error without a code");
  if (ringfence_error_code(error) == RINGFENCE_CODE_INTERNAL)
    complain(ringfence_error_message(error));
  if (ringfence_error_message(error)[0] == '\0')
    complain("an error without a sentence");
  ringfence_error_free(error);
  return true;
}

static inline void expect_error(ringfence_error *error) {
  if (!was_error(error))
    complain("NULL was taken");
}

static inline void expect_refused_policy(const ringfence_policy *policy) {
  expect_error(ringfence_policy_check(policy));
}

static inline void expect_refused_command(const struct handles *h) {
  ringfence_child *child = NULL;
  expect_error(ringfence_command_spawn(h->command, h->sandbox, &child));
  if (child != NULL)
    complain("a child of a command that cannot be used");
}

static inline void drop(ringfence_error *error) {
  (void)was_error(error);
}

static inline int usual_function(void *data, ringfence_reply *reply) {
  static const uint8_t byte[] = {1};
  return data != NULL && was_error(ringfence_reply_write(reply, byte, 1));
}

static inline struct handles setup(void) {
  struct handles h;
  memset(&h, 0, sizeof h);
  h.policy = ringfence_policy_new();
  ringfence_policy_ro(h.policy, "/");
  /* So that there are handles where a kernel, or valgrind, knows no Landlock. */
  ringfence_policy_best_effort(h.policy);
  h.kernel = ringfence_kernel_with_abi(4);
  drop(ringfence_plan_new(h.policy, h.kernel, &h.plan));
  drop(ringfence_policy_prepare(h.policy, &h.sandbox));
  drop(ringfence_template_new(h.policy, &h.template_));
  h.command = ringfence_command_new("/bin/true");
  drop(ringfence_command_spawn(h.command, h.sandbox, &h.child));
  drop(ringfence_command_output(h.command, h.sandbox, &h.output));
  drop(ringfence_cgroups_at("/sys/fs/cgroup", &h.cgroups));
  drop(ringfence_plan_text(h.plan, &h.string));
  h.confined = ringfence_confined_new();
  h.error = ringfence_policy_check(NULL);
  return h;
}

static inline void teardown(struct handles *h) {
  ringfence_error_free(h->error);
  ringfence_plan_free(h->plan);
  ringfence_kernel_free(h->kernel);
  ringfence_child_free(h->child);
  ringfence_sandbox_free(h->sandbox);
  ringfence_template_free(h->template_);
  ringfence_command_free(h->command);
  ringfence_output_free(h->output);
  ringfence_cgroups_free(h->cgroups);
  ringfence_confined_free(h->confined);
  ringfence_policy_free(h->policy);
  ringfence_string_free(h->string);
}
