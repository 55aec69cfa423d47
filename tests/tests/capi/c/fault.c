/* What a program must not do with handles, so that a test knows that it would be found. */
#include <stdlib.h>

#include <ringfence.h>

int main(int count, char **arguments) {
  ringfence_policy *policy = ringfence_policy_new();
  switch (count > 1 ? atoi(arguments[1]) : 0) {
  case 1: {
    ringfence_error *error = ringfence_policy_check(NULL);
    ringfence_error_free(error);
    ringfence_error_free(error);
    break;
  }
  case 2: {
    ringfence_error *error = ringfence_policy_check(NULL);
    const char *message = ringfence_error_message(error);
    ringfence_error_free(error);
    return message[0];
  }
  case 3:
    policy = ringfence_policy_new(); /* and the first is lost */
    break;
  }
  ringfence_policy_free(policy);
  return 0;
}
