/*
 * A host of plugins: programs that others wrote, each run on the same text in a sandbox of its own. A plugin
 * can read the system's programs and its own file, write to a directory of its own, and use up so much and
 * no more.
 *
 *     plugin-host SCRATCH PLUGIN... < TEXT
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ringfence.h>

static void give_up(ringfence_error *error) {
  fprintf(stderr, "plugin-host: %s\n", ringfence_error_message(error));
  ringfence_error_free(error);
  exit(125);
}

static ringfence_template *make_template(void) {
  ringfence_policy *policy = ringfence_policy_new();
  ringfence_policy_ro(policy, "/usr");
  /* Where these are no symlinks into /usr. */
  ringfence_policy_allow_if_present(policy, "ro", "/bin");
  ringfence_policy_allow_if_present(policy, "ro", "/lib");
  ringfence_policy_allow_if_present(policy, "ro", "/lib64");
  ringfence_policy_allow_if_present(policy, "read", "/etc/ld.so.cache");
  ringfence_policy_allow(policy, "read,write", "/dev/null");
  ringfence_template *shared = NULL;
  ringfence_error *error = ringfence_template_new(policy, &shared);
  ringfence_policy_free(policy);
  if (error != NULL)
    give_up(error);
  return shared;
}

/* The lines that are this plugin's own. */
static ringfence_error *make_sandbox(const ringfence_template *shared, const char *plugin,
                                     const char *scratch, ringfence_sandbox **sandbox) {
  ringfence_policy *own = ringfence_policy_new();
  ringfence_policy_ro(own, plugin);
  ringfence_policy_rw(own, scratch);
  ringfence_error *error = ringfence_template_with(shared, own, sandbox);
  ringfence_policy_free(own);
  return error;
}

static ringfence_command *make_command(const char *plugin, const char *scratch, int text) {
  ringfence_command *command = ringfence_command_new(plugin);
  /* The host's environment may hold secrets. */
  ringfence_command_env_clear(command);
  ringfence_command_env(command, "PATH", "/usr/bin:/bin");
  ringfence_command_env(command, "TMPDIR", scratch);
  ringfence_command_current_dir(command, scratch);
  ringfence_command_stdin(command, text);
  ringfence_command_limit(command, RINGFENCE_LIMIT_WALL, 2000);
  ringfence_command_limit(command, RINGFENCE_LIMIT_MEMORY, 512u << 20);
  ringfence_command_limit(command, RINGFENCE_LIMIT_FILE_SIZE, 16u << 20);
  ringfence_command_limit(command, RINGFENCE_LIMIT_OUTPUT, 64u << 10);
  return command;
}

static const char *limit_name(ringfence_limit limit) {
  switch (limit) {
  case RINGFENCE_LIMIT_WALL:
    return "time";
  case RINGFENCE_LIMIT_OUTPUT:
    return "output";
  case RINGFENCE_LIMIT_FILE_SIZE:
    return "size of a file";
  default:
    return "none that it names";
  }
}

static void show(const char *plugin, const ringfence_output *output) {
  ringfence_ended ended;
  ringfence_error *error = ringfence_output_ended(output, &ended);
  if (error != NULL)
    give_up(error);
  if (ended.limit != RINGFENCE_LIMIT_NONE)
    printf("%s: stopped by its limit: %s\n", plugin, limit_name(ended.limit));
  else if (ended.signal != 0)
    printf("%s: ended by signal %d\n", plugin, ended.signal);
  else if (ended.code != 0)
    printf("%s: failed with code %d\n", plugin, ended.code);
  else {
    size_t length;
    const uint8_t *text = ringfence_output_stdout(output, &length);
    printf("%s: ", plugin);
    fwrite(text, 1, length, stdout);
  }
}

static void run(const ringfence_template *shared, const char *plugin, const char *scratch, int text) {
  ringfence_sandbox *sandbox = NULL;
  ringfence_output *output = NULL;
  ringfence_command *command = make_command(plugin, scratch, text);
  ringfence_error *error = make_sandbox(shared, plugin, scratch, &sandbox);
  if (error == NULL)
    error = ringfence_command_output(command, sandbox, &output);
  if (error == NULL) {
    show(plugin, output);
  } else {
    printf("%s: not run: %s\n", plugin, ringfence_error_message(error));
    ringfence_error_free(error);
  }
  ringfence_output_free(output);
  ringfence_command_free(command);
  ringfence_sandbox_free(sandbox);
}

/* Standard input as a file that each plugin reads from its beginning, without waiting for anyone. */
static FILE *keep_input(void) {
  FILE *text = tmpfile();
  if (text == NULL) {
    perror("plugin-host");
    exit(1);
  }
  char buffer[65536];
  size_t length;
  while ((length = fread(buffer, 1, sizeof buffer, stdin)) > 0)
    fwrite(buffer, 1, length, text);
  fflush(text);
  return text;
}

int main(int count, char **arguments) {
  if (count < 3) {
    fputs("usage: plugin-host SCRATCH PLUGIN... < TEXT\n", stderr);
    return 2;
  }
  ringfence_template *shared = make_template();
  FILE *text = keep_input();
  for (int index = 2; index < count; index++) {
    char scratch[4096];
    snprintf(scratch, sizeof scratch, "%s/%d", arguments[1], index);
    if (mkdir(scratch, 0700) < 0 && errno != EEXIST) {
      perror(scratch);
      return 1;
    }
    lseek(fileno(text), 0, SEEK_SET);
    run(shared, arguments[index], scratch, fileno(text));
  }
  fclose(text);
  ringfence_template_free(shared);
  return 0;
}
