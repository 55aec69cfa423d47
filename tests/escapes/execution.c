/* Code from outside: executed, or run by another that may be. */
#include "escape.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static char *const yes[] = { "escape", "yes", NULL };

static int execute_body(void)
{
	execv(outside("program"), yes);
	return errno;
}

static int execute_descriptor_body(void)
{
	int fd = open(outside("program"), O_PATH);
	syscall(SYS_execveat, fd, "", yes, environ, AT_EMPTY_PATH);
	return errno;
}

static int execute_readable_body(void)
{
	int fd = open_or_give_up(outside("program"), O_RDONLY);
	syscall(SYS_execveat, fd, "", yes, environ, AT_EMPTY_PATH);
	return errno;
}

static int execute_memory_body(void)
{
	int file = open_or_give_up(outside("program"), O_RDONLY);
	int copy = memfd_create("program", MFD_CLOEXEC);
	struct stat now;
	if (copy < 0 || fstat(file, &now) != 0 || sendfile(copy, file, NULL, now.st_size) != now.st_size)
		return errno;
	fexecve(copy, yes, environ);
	return errno;
}

static int execute_written_body(void)
{
	/* What may be written may not be executed, unless the zone says both. */
	int file = open_or_give_up(outside("program"), O_RDONLY);
	int copy = open(inside("copy"), O_WRONLY | O_CREAT, 0755);
	struct stat now;
	if (copy < 0 || fstat(file, &now) != 0 || sendfile(copy, file, NULL, now.st_size) != now.st_size)
		return errno;
	close(copy);
	execv(inside("copy"), yes);
	return errno;
}

static int load_body(void)
{
	static const char *const loaders[] = { "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1" };
	for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
		if (access(loaders[i], X_OK) == 0 && access(outside("dynamic"), R_OK) == 0) {
			execl(loaders[i], loaders[i], outside("dynamic"), NULL);
			return errno;
		}
	return CANNOT;
}

static int execute(void)
{
	return in_child(execute_body);
}

static int execute_descriptor(void)
{
	return in_child(execute_descriptor_body);
}

static int execute_readable(void)
{
	return in_child(execute_readable_body);
}

static int execute_memory(void)
{
	return in_child(execute_memory_body);
}

static int execute_written(void)
{
	return in_child(execute_written_body);
}

static int load(void)
{
	return in_child(load_body);
}

/* Code that can be read can be mapped, and jumped to. */
static int map_code(void)
{
	int fd = open_or_give_up(outside("program"), O_RDONLY);
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0;
}

const struct technique execution[] = {
	{ "execute", "execute", "program", "execute a file", execute },
	{ "execute-descriptor", "execute", "program", "execute a file opened by O_PATH", execute_descriptor },
	{ "execute-readable", "execute", "program,reads-outside", "execute a file that may be read", execute_readable },
	{ "execute-written", "execute", "program,fills-zone,reads-outside", "copy a program to where one may write, execute it", execute_written },
	{ "execute-memory", "indirect-execute", "program,reads-outside", "copy a program to memory, execute it there", execute_memory },
	{ "execute-mapped", "indirect-execute", "program,reads-outside", "map the code of a program", map_code },
	{ "execute-by-loader", "indirect-execute", "loader,reads-outside", "have the loader run a program", load },
	{ 0 },
};
