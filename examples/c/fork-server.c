/*
 * A server that forks for each request. The child that answers may read the files of one customer and
 * nothing else, whatever bug the request finds in it.
 *
 *     fork-server DIRECTORY [PORT]
 *
 * A request is a line `CUSTOMER FILE`; the answer is the file DIRECTORY/CUSTOMER/FILE. SIGTERM ends the
 * server: it takes no more requests, and waits for those that are being answered.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ringfence.h>

/* So long may a request take as a whole, asked for slowly or read slowly, before its child is ended. */
#ifndef SECONDS
#define SECONDS 10
#endif
/* So many are answered at once; others wait in the backlog. */
#define MOST_CHILDREN 64

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

/* Whether all of it was written. */
static int write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return 0;
    bytes += written;
    length -= (size_t)written;
  }
  return 1;
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
    if (!write_all(client, buffer, (size_t)length))
      break;
  close(fd);
}

/* Runs in a child of its own. */
static void answer(int client, const char *root, const ringfence_template *shared) {
  char line[2048];
  size_t length = 0;
  while (length < sizeof line - 1) {
    ssize_t more = read(client, line + length, sizeof line - 1 - length);
    if (more < 0 && errno == EINTR)
      continue;
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
  int needed = snprintf(directory, sizeof directory, "%s/%s", root, customer);
  if (needed < 0 || (size_t)needed >= sizeof directory) {
    dprintf(client, "error: no such customer\n");
    return;
  }
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
  /* It does not wait: a client that `poll` told of may have gone before `accept`. */
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int yes = 1;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
      bind(fd, (const struct sockaddr *)&address, size) < 0 || listen(fd, 64) < 0 ||
      getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
    perror("fork-server");
    exit(1);
  }
  printf("listening on 127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static volatile sig_atomic_t stopped;

static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

/* Children end at any time; that `ppoll` returns is all that is wanted of it. */
static void wake(int signal) {
  (void)signal;
}

/* Signals come while `ppoll` waits, and at no other time: none is lost between a look and the wait. */
static sigset_t take_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = stop;
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  action.sa_handler = wake;
  sigaction(SIGCHLD, &action, NULL);
  sigset_t ours, before;
  sigemptyset(&ours);
  sigaddset(&ours, SIGTERM);
  sigaddset(&ours, SIGINT);
  sigaddset(&ours, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ours, &before);
  return before;
}

/* How many children have ended. */
static int reap(void) {
  int count = 0;
  while (waitpid(-1, NULL, WNOHANG) > 0)
    count++;
  return count;
}

/* Takes a client, and gives it a child; whether there is one more. */
static int serve(int server, const char *root, const ringfence_template *shared, const sigset_t *usual) {
  int client = accept4(server, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0) {
    /* A client that has gone is nobody's fault. Where descriptors or memory ran out, others have to end first. */
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      perror("fork-server: a client has to wait");
      ppoll(NULL, 0, &(struct timespec){0, 100 * 1000 * 1000}, usual);
    } else if (errno != EINTR && errno != EAGAIN && errno != ECONNABORTED) {
      perror("fork-server: a client is lost");
    }
    return 0;
  }
  pid_t child = fork();
  if (child == 0) {
    /* The alarm ends it, whatever it is at. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, usual, NULL);
    alarm(SECONDS);
    close(server);
    answer(client, root, shared);
    _exit(0);
  }
  if (child < 0)
    perror("fork-server: a request is not answered");
  close(client);
  return child > 0;
}

int main(int count, char **arguments) {
  if (count < 2) {
    fputs("usage: fork-server DIRECTORY [PORT]\n", stderr);
    return 2;
  }
  const char *port = count > 2 ? arguments[2] : "8080";
  ringfence_template *shared = make_template();
  sigset_t usual = take_signals();
  int server = listen_at((unsigned short)strtoul(port, NULL, 10));
  int children = 0;
  while (!stopped) {
    struct pollfd waiting = {server, POLLIN, 0};
    /* With its hands full it waits for a child, and looks at no client. */
    int ready = ppoll(&waiting, children < MOST_CHILDREN, NULL, &usual);
    children -= reap();
    if (ready > 0)
      children += serve(server, arguments[1], shared, &usual);
  }
  close(server);
  while ((children -= reap()) > 0)
    ppoll(NULL, 0, NULL, &usual);
  ringfence_template_free(shared);
  return 0;
}
