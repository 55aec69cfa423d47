/* A file outside that was open before the sandbox, and was not meant to stay so. */
#include "escape.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_inherited(void)
{
	return file_is_original(staged_number("DESCRIPTOR"));
}

static int truncate_inherited(void)
{
	return outcome(ftruncate(staged_number("DESCRIPTOR"), 0));
}

static int chmod_inherited(void)
{
	return outcome(fchmod(staged_number("DESCRIPTOR"), 0640));
}

/* Any that is left, whatever it is. */
static int any_inherited(void)
{
	for (int fd = 3; fd < 4096; fd++)
		if (dup(fd) >= 0)
			return 0;
	return EBADF;
}

/* Of a file without a path Landlock knows nothing, so that its mode alone says who may write. */
static int reopen_input(void)
{
	if (write(STDIN_FILENO, MESSAGE, strlen(MESSAGE)) >= 0)
		return BROKEN;
	int fd = open("/proc/self/fd/0", O_WRONLY);
	return fd < 0 ? errno : outcome(write(fd, MESSAGE, strlen(MESSAGE)));
}

const struct technique descriptors[] = {
	{ "inherited-read", "descriptors", "nothing", "read an inherited file", read_inherited },
	{ "inherited-truncate", "descriptors", "nothing", "truncate an inherited file", truncate_inherited },
	{ "inherited-chmod", "descriptors", "nothing", "chmod an inherited file", chmod_inherited },
	{ "inherited-any", "descriptors", "nothing", "any descriptor above 2", any_inherited },
	{ "input-memory-write", "input", "input-memory", "write to a memory file that standard input only reads", reopen_input },
	{ 0 },
};
