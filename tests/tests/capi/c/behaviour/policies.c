/* Policies and plans: what is wrong with them, and what they say. */
#include "statements.h"

#include <string.h>

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

int main(int count, char **arguments) {
  static const struct statement statements[] = {
      STATEMENT(a_line_that_cannot_be_used_is_remembered),
      STATEMENT(what_a_kernel_cannot_do_is_told_apart),
      STATEMENT(policies_can_be_merged_and_templates_narrowed),
      STATEMENT(a_sandbox_tells_its_plan),
      {NULL, NULL},
  };
  return try_statements(statements, count > 1 ? arguments[1] : NULL);
}
