/* Makes and frees a handle of every kind that can be made here, twice; for valgrind, which knows no sandboxes. */
#include "fixture.h"

int main(void) {
  trying = "handles";
  for (int round = 0; round < 2; round++) {
    struct handles h = setup();
    ringfence_policy *merged = NULL;
    drop(ringfence_policy_merge(h.policy, h.policy, &merged));
    ringfence_policy_allow(merged, "no such word", "/");
    expect_error(ringfence_policy_check(merged));
    ringfence_policy_free(merged);
    ringfence_policy *read = NULL;
    static const char yaml[] = "version: 1\nro: [/usr]\nrw: 7\n";
    expect_error(ringfence_policy_from_yaml(yaml, sizeof yaml - 1, &read));
    if (read != NULL)
      complain("a policy of a manifest that cannot be used");
    expect_error(ringfence_policy_from_file("/nowhere", &read));
    ringfence_sandbox *sandbox = NULL;
    ringfence_policy *more = ringfence_policy_new();
    ringfence_policy_rw(more, "/tmp");
    drop(ringfence_template_with(h.template_, more, &sandbox));
    ringfence_policy_free(more);
    ringfence_sandbox_free(sandbox);
    ringfence_status status;
    drop(ringfence_status_own(&status));
    drop(ringfence_plan_look_up(h.plan));
    teardown(&h);
  }
  printf("%d failures\n", failures);
  return failures > 0;
}
