/* Threads: which of them are restricted with a process, and what they may share. */
#include "statements.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

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

int main(int count, char **arguments) {
  static const struct statement statements[] = {
      STATEMENT(a_process_restricts_itself_with_all_its_threads_or_one),
      STATEMENT(what_is_const_may_be_used_by_many_threads_at_once),
      {NULL, NULL},
  };
  return try_statements(statements, count > 1 ? arguments[1] : NULL);
}
