/*
 * A program that restricts itself at its start: it may read and execute /usr, keep data in one directory, and
 * connect to PostgreSQL. Whatever it is tricked into later, it can do no more.
 *
 *     self-sandbox [--no-sandbox] DIRECTORY [PORT]
 *
 * Then it does what standard input says, a line each: `write NAME TEXT` into the directory, `read PATH`,
 * `connect PORT` on this machine.
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ringfence.h>

/* Says why, and ends: a program that cannot restrict itself should not go on. */
static void give_up(ringfence_error *error) {
  fprintf(stderr, "self-sandbox: %s\n", ringfence_error_message(error));
  ringfence_error_free(error);
  exit(125);
}

static void restrict_itself(const char *directory, const char *port) {
  /* Lines need no checks: one that cannot be used comes up below. */
  ringfence_policy *policy = ringfence_policy_new();
  ringfence_policy_ro(policy, "/usr");
  ringfence_policy_rw(policy, directory);
  ringfence_policy_connect_tcp(policy, port);

  ringfence_sandbox *sandbox = NULL;
  ringfence_error *error = ringfence_policy_prepare(policy, &sandbox);
  if (error == NULL)
    error = ringfence_sandbox_enforce(sandbox);
  ringfence_sandbox_free(sandbox);
  ringfence_policy_free(policy);
  if (error != NULL)
    give_up(error);
}

/* The acts give 0, or an error's number. */

static int write_file(int directory, const char *name, const char *text) {
  int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return errno;
  int failure = write(fd, text, strlen(text)) < 0 ? errno : 0;
  close(fd);
  return failure;
}

static int read_file(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  char byte;
  int failure = read(fd, &byte, 1) < 0 ? errno : 0;
  close(fd);
  return failure;
}

static int connect_to(const char *port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((unsigned short)strtoul(port, NULL, 10));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0)
    return errno;
  int failure = connect(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
  close(fd);
  return failure;
}

static void act(char *line, int directory) {
  char *word = strtok(line, " \n");
  char *what = strtok(NULL, " \n");
  char *text = strtok(NULL, "\n");
  if (word == NULL || what == NULL)
    return;
  int failure = EINVAL;
  if (strcmp(word, "write") == 0)
    failure = write_file(directory, what, text != NULL ? text : "");
  else if (strcmp(word, "read") == 0)
    failure = read_file(what);
  else if (strcmp(word, "connect") == 0)
    failure = connect_to(what);
  printf("%s %s: %s\n", word, what, failure == 0 ? "done" : strerror(failure));
}

int main(int count, char **arguments) {
  int first = 1;
  int sandboxed = 1;
  if (count > first && strcmp(arguments[first], "--no-sandbox") == 0) {
    sandboxed = 0;
    first++;
  }
  if (count <= first) {
    fputs("usage: self-sandbox [--no-sandbox] DIRECTORY [PORT]\n", stderr);
    return 2;
  }
  const char *path = arguments[first];
  const char *port = count > first + 1 ? arguments[first + 1] : "5432";

  /* Before anything from outside is read, and before the first thread starts. */
  if (sandboxed)
    restrict_itself(path, port);

  int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) {
    perror(path);
    return 1;
  }
  char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL)
    act(line, directory);
  close(directory);
  return 0;
}
