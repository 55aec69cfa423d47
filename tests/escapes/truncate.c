/* Truncation: the loss of data without a right to write. */
#include "escape.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_empty(long result)
{
	struct stat now;
	if (result < 0)
		return errno;
	return stat(outside("file"), &now) == 0 && now.st_size == 0 ? 0 : BROKEN;
}

static int by_path(void)
{
	return is_empty(truncate(outside("file"), 0));
}

static int by_opening(void)
{
	return is_empty(open(outside("file"), O_RDONLY | O_TRUNC));
}

static int by_openat2(void)
{
	struct open_how how = { .flags = O_RDONLY | O_TRUNC };
	return is_empty(syscall(SYS_openat2, AT_FDCWD, outside("file"), &how, sizeof(how)));
}

static int by_odd_mode(void)
{
	/* Access mode 3 is neither reading nor writing, and known to a few drivers. */
	return is_empty(open(outside("file"), 3 | O_TRUNC));
}

static int by_creat(void)
{
	return is_empty(creat(outside("file"), 0600));
}

static int by_hole(void)
{
	/* The data goes, the size stays: what the right to write allows. */
	int fd = open(outside("file"), O_WRONLY);
	return fd < 0 ? errno : outcome(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
}

const struct technique truncation[] = {
	{ "truncate-path", "truncate", "nothing", "truncate by path", by_path },
	{ "truncate-open", "truncate", "reads-outside", "open for reading with O_TRUNC", by_opening },
	{ "truncate-openat2", "truncate", "reads-outside", "the same by openat2", by_openat2 },
	{ "truncate-odd-mode", "write,truncate", "reads-outside", "the same with access mode 3", by_odd_mode },
	{ "truncate-creat", "write,truncate", "nothing", "creat over a file", by_creat },
	{ "truncate-hole", "write", "reads-outside", "punch a hole", by_hole },
	{ 0 },
};
