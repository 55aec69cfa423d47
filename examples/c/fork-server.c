/*
 * A server that forks for each request. The child that answers may read the files of one customer and
 * nothing else, whatever bug the request finds in it.
 *
 *     fork-server DIRECTORY [PORT]
 *
 * A request is a line `CUSTOMER FILE`; the answer is the file DIRECTORY/CUSTOMER/FILE.
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ringfence.h>

static void give_up(ringfence_error *error) {
  fprintf(stderr, "fork-server: %s\n", ringfence_error_message(error));
  ringfence_error_free(error);
  exit(125);
}

/* What all requests share is opened and compiled once. */
static ringfence_template *make_template(void) {
  ringfence_policy *policy = ringfence_policy_new();
  ringfence_policy_ro(policy, "/usr");
  ringfence_template *shared = NULL;
  ringfence_error *error = ringfence_template_new(policy, &shared);
  ringfence_policy_free(policy);
  if (error != NULL)
    give_up(error);
  return shared;
}

/* A request's own line, and then the sandbox: this process has just one thread. */
static ringfence_error *enter(const ringfence_template *shared, const char *customer) {
  ringfence_sandbox *sandbox = NULL;
  ringfence_error *error = ringfence_template_with_ro(shared, customer, &sandbox);
  if (error == NULL)
    error = ringfence_sandbox_enforce(sandbox);
  ringfence_sandbox_free(sandbox);
  return error;
}

static void send_file(int client, const char *directory, const char *file) {
  char path[8192];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    dprintf(client, "error: %s\n", strerror(errno));
    return;
  }
  char buffer[65536];
  ssize_t length;
  while ((length = read(fd, buffer, sizeof buffer)) > 0)
    if (write(client, buffer, (size_t)length) != length)
      break;
  close(fd);
}

/* Runs in a child of its own. */
static void answer(int client, const char *root, const ringfence_template *shared) {
  char line[2048];
  size_t length = 0;
  while (length < sizeof line - 1) {
    ssize_t more = read(client, line + length, sizeof line - 1 - length);
    if (more <= 0)
      break;
    length += (size_t)more;
    if (line[length - 1] == '\n')
      break;
  }
  line[length] = '\0';
  char *customer = strtok(line, " \n");
  char *file = strtok(NULL, "\n");
  /* Which customer it is has to be checked here: it decides what the sandbox is. */
  if (customer == NULL || file == NULL || customer[0] == '.' || strchr(customer, '/') != NULL) {
    dprintf(client, "error: write CUSTOMER FILE\n");
    return;
  }
  char directory[4096];
  snprintf(directory, sizeof directory, "%s/%s", root, customer);
  ringfence_error *error = enter(shared, directory);
  if (error != NULL) {
    /* Why is for the log and not for who asks. */
    fprintf(stderr, "fork-server: %s\n", ringfence_error_message(error));
    ringfence_error_free(error);
    dprintf(client, "error: no such customer\n");
    return;
  }
  /* From here on a `../` in the name, or a hostile file, meets the kernel. */
  send_file(client, directory, file);
}

static int listen_at(unsigned short port) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&address, size) < 0 || listen(fd, 64) < 0 ||
      getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
    perror("fork-server");
    exit(1);
  }
  printf("listening on 127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void stop(int signal) {
  (void)signal;
}

int main(int count, char **arguments) {
  if (count < 2) {
    fputs("usage: fork-server DIRECTORY [PORT]\n", stderr);
    return 2;
  }
  const char *port = count > 2 ? arguments[2] : "8080";
  ringfence_template *shared = make_template();
  int server = listen_at((unsigned short)strtoul(port, NULL, 10));

  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = stop; /* without SA_RESTART, so that `accept` returns */
  sigaction(SIGTERM, &action, NULL);
  for (;;) {
    int client = accept(server, NULL, NULL);
    if (client < 0)
      break;
    pid_t child = fork();
    if (child == 0) {
      close(server);
      answer(client, arguments[1], shared);
      _exit(0);
    }
    close(client);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
  }
  close(server);
  ringfence_template_free(shared);
  return 0;
}
