// A C++ program that includes the header, and frees handles by the language's own means.
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include <ringfence.h>

template <typename Handle, void (*Free)(Handle *)> struct Freed {
  void operator()(Handle *handle) const { Free(handle); }
};
template <typename Handle, void (*Free)(Handle *)>
using Owned = std::unique_ptr<Handle, Freed<Handle, Free>>;

using Policy = Owned<ringfence_policy, ringfence_policy_free>;
using Kernel = Owned<ringfence_kernel, ringfence_kernel_free>;
using Plan = Owned<ringfence_plan, ringfence_plan_free>;

static void require(ringfence_error *raw) {
  Owned<ringfence_error, ringfence_error_free> error(raw);
  if (error)
    throw std::runtime_error(ringfence_error_message(error.get()));
}

static Plan plan_of(const Policy &policy) {
  Kernel kernel(ringfence_kernel_with_abi(4));
  ringfence_plan *plan = nullptr;
  require(ringfence_plan_new(policy.get(), kernel.get(), &plan));
  return Plan(plan);
}

int main() {
  Policy policy(ringfence_policy_new());
  ringfence_policy_ro(policy.get(), "/usr");
  Plan plan = plan_of(policy);
  ringfence_answer answer = RINGFENCE_ANSWER_NONE;
  require(ringfence_plan_decide_path(plan.get(), "read", "/etc/shadow", &answer));
  std::cout << (ringfence_answer_is_allowed(answer) ? "allowed" : "denied") << "\n";
  try {
    ringfence_policy_ro(policy.get(), "");
    plan_of(policy);
  } catch (const std::runtime_error &error) {
    std::cout << error.what() << "\n";
  }
}
