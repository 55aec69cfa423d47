/* What techniques share: the stage, and how a result is made. */
#include "escape.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The value of the variable ESCAPE_<name>. */
const char *staged(const char *name)
{
	char variable[64];
	snprintf(variable, sizeof(variable), "ESCAPE_%s", name);
	const char *value = getenv(variable);
	if (value == NULL) {
		fprintf(stderr, "%s is not staged\n", variable);
		exit(BROKEN);
	}
	return value;
}

int staged_number(const char *name)
{
	return atoi(staged(name));
}

static const char *in_zone(const char *zone, const char *name)
{
	static char paths[8][512];
	static unsigned int next;
	char *path = paths[next++ % 8];
	snprintf(path, sizeof(paths[0]), "%s/%s", staged(zone), name);
	return path;
}

/* A path in the directory that the scene may allow; good for seven more of these. */
const char *inside(const char *name)
{
	return in_zone("INSIDE", name);
}

/* A path in the directory that no scene allows to change. */
const char *outside(const char *name)
{
	return in_zone("OUTSIDE", name);
}

/* The result of a call that gives something negative if it fails. */
int outcome(long result)
{
	return result < 0 ? errno : 0;
}

int is_root(void)
{
	return geteuid() == 0;
}

/* The result of `body` in a process of its own, which may change itself or be killed. */
int in_child(int (*body)(void))
{
	fflush(stdout);
	pid_t child = fork();
	if (child < 0)
		return errno;
	if (child == 0) {
		int result = body();
		fflush(stdout);
		_exit(result);
	}
	int status;
	if (waitpid(child, &status, 0) != child)
		return BROKEN;
	return WIFSIGNALED(status) ? KILLED(WTERMSIG(status)) : WEXITSTATUS(status);
}

/* A descriptor of what the scene allows to open. */
int open_or_give_up(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	if (fd < 0) {
		int why = errno;
		fprintf(stderr, "%s: %s\n", path, strerror(why));
		exit(why);
	}
	return fd;
}

/* Whether what was staged can be read there. */
int file_is_original(int fd)
{
	char content[sizeof(ORIGINAL)] = "";
	if (read(fd, content, sizeof(content) - 1) < 0)
		return errno;
	return strcmp(content, ORIGINAL) == 0 ? 0 : BROKEN;
}

int read_path(const char *path)
{
	int fd = open(path, O_RDONLY);
	return fd < 0 ? errno : file_is_original(fd);
}

/* Promises that MESSAGE has left; whoever holds the other end holds us to it. */
void announce(const char *where)
{
	printf("arrives: %s\n", where);
}

/* Sends MESSAGE through something connected. */
int deliver(int fd, const char *where)
{
	if (write(fd, MESSAGE, strlen(MESSAGE)) < 0)
		return errno;
	announce(where);
	return 0;
}
