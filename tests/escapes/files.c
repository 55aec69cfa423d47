/* Files outside of the allowed paths: read, written, made, removed; by name and by detours. */
#include "escape.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int read_plainly(void)
{
	return read_path(outside("file"));
}

static int read_by_mapping(void)
{
	int fd = open(outside("file"), O_RDONLY);
	if (fd < 0)
		return errno;
	const char *content = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	if (content == MAP_FAILED)
		return errno;
	return strncmp(content, ORIGINAL, strlen(ORIGINAL)) == 0 ? 0 : BROKEN;
}

static int read_by_openat2(void)
{
	struct open_how how = { .flags = O_RDONLY };
	long fd = syscall(SYS_openat2, AT_FDCWD, outside("file"), &how, sizeof(how));
	return fd < 0 ? errno : file_is_original(fd);
}

static int read_by_dotdot(void)
{
	return read_path(inside("empty/../../outside/file"));
}

static int read_by_symlink(void)
{
	if (symlink(outside("file"), inside("shortcut")) != 0)
		return errno;
	return read_path(inside("shortcut"));
}

static int read_relative(void)
{
	return chdir(outside("")) != 0 ? errno : read_path("file");
}

static int read_below_path_descriptor(void)
{
	int directory = open(outside(""), O_PATH | O_DIRECTORY);
	if (directory < 0)
		return errno;
	int fd = openat(directory, "file", O_RDONLY);
	return fd < 0 ? errno : file_is_original(fd);
}

static int read_path_descriptor(void)
{
	/* O_PATH asks for no right; opening it again does. */
	char path[64];
	int file = open(outside("file"), O_PATH);
	if (file < 0)
		return errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return read_path(path);
}

static int read_by_proc_root(void)
{
	char path[600];
	snprintf(path, sizeof(path), "/proc/self/root%s", outside("file"));
	return read_path(path);
}

/* Goes by what the file system calls the file, past every directory. */
static int read_by_handle(void)
{
	union { struct file_handle handle; char space[sizeof(struct file_handle) + MAX_HANDLE_SZ]; } of;
	int mount, zone = open_or_give_up(inside(""), O_RDONLY | O_DIRECTORY);
	of.handle.handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, outside("file"), &of.handle, &mount, 0) != 0)
		return errno;
	int fd = open_by_handle_at(zone, &of.handle, O_RDONLY);
	return fd < 0 ? errno : file_is_original(fd);
}

static int list(void)
{
	DIR *directory = opendir(outside(""));
	if (directory == NULL)
		return errno;
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
		if (strcmp(entry->d_name, "file") == 0)
			return 0;
	return BROKEN;
}

static int change(int flags)
{
	int fd = open(outside("file"), flags);
	if (fd < 0)
		return errno;
	return write(fd, MESSAGE, strlen(MESSAGE)) < 0 ? errno : 0;
}

static int write_plainly(void)
{
	return change(O_WRONLY);
}

static int append(void)
{
	return change(O_WRONLY | O_APPEND);
}

static int write_by_mapping(void)
{
	int fd = open(outside("file"), O_RDWR);
	if (fd < 0)
		return errno;
	char *content = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (content == MAP_FAILED)
		return errno;
	content[0] = 'X';
	return 0;
}

static int create(void)
{
	return outcome(open(outside("new"), O_WRONLY | O_CREAT | O_EXCL, 0600));
}

static int make_directory(void)
{
	return outcome(mkdir(outside("new"), 0700));
}

static int make_symlink(void)
{
	return outcome(symlink("/", outside("new")));
}

static int make_fifo(void)
{
	return outcome(mknod(outside("new"), S_IFIFO | 0600, 0));
}

static int make_socket(void)
{
	return outcome(mknod(outside("new"), S_IFSOCK | 0600, 0));
}

static int make_device(void)
{
	return outcome(mknod(outside("new"), S_IFCHR | 0600, makedev(1, 3)));
}

static int make_whiteout(void)
{
	/* A character device that anybody may make. */
	return outcome(mknod(outside("new"), S_IFCHR | 0600, makedev(0, 0)));
}

/* A file without a name, outside. */
static int temporary_outside(void)
{
	return outcome(open(outside(""), O_TMPFILE | O_RDWR, 0600));
}

static int unlink_file(void)
{
	return outcome(unlink(outside("file")));
}

static int remove_directory(void)
{
	return outcome(rmdir(outside("empty")));
}

static int rename_outside(void)
{
	return outcome(rename(outside("file"), outside("new")));
}

static int rename_out(void)
{
	return outcome(rename(inside("file"), outside("new")));
}

static int rename_over(void)
{
	return outcome(rename(inside("file"), outside("file")));
}

static int rename_in(void)
{
	return rename(outside("file"), inside("new")) != 0 ? errno : read_path(inside("new"));
}

static int exchange(void)
{
	return outcome(renameat2(AT_FDCWD, inside("file"), AT_FDCWD, outside("file"), RENAME_EXCHANGE));
}

static int rename_whiteout(void)
{
	return outcome(renameat2(AT_FDCWD, outside("file"), AT_FDCWD, outside("new"), RENAME_WHITEOUT));
}

static int link_out(void)
{
	return outcome(link(inside("file"), outside("new")));
}

static int link_in(void)
{
	return link(outside("file"), inside("new")) != 0 ? errno : read_path(inside("new"));
}

static int link_in_descriptor(void)
{
	char path[64];
	int file = open(outside("file"), O_PATH);
	if (file < 0)
		return errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (linkat(AT_FDCWD, path, AT_FDCWD, inside("new"), AT_SYMLINK_FOLLOW) != 0)
		return errno;
	return read_path(inside("new"));
}

static int link_temporary_out(void)
{
	char path[64];
	int file = open_or_give_up(inside(""), O_TMPFILE | O_RDWR);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return outcome(linkat(AT_FDCWD, path, AT_FDCWD, outside("new"), AT_SYMLINK_FOLLOW));
}

/* Moves a directory out of the zone with a process in it, which then climbs. */
static int climb_from_moved_directory(void)
{
	if (chdir(inside("empty")) != 0 || rename(inside("empty"), outside("moved")) != 0)
		return errno;
	return read_path("../file");
}

const struct technique files[] = {
	{ "file-read", "read", "nothing", "read a file", read_plainly },
	{ "file-read-mapped", "read", "nothing", "map a file", read_by_mapping },
	{ "file-read-openat2", "read", "nothing", "read by openat2", read_by_openat2 },
	{ "file-read-dotdot", "read", "zone", "read by a path that climbs out of the zone", read_by_dotdot },
	{ "file-read-symlink", "read", "zone", "read through a symlink in the zone", read_by_symlink },
	{ "file-read-relative", "read", "nothing", "change the directory, read relative to it", read_relative },
	{ "file-read-below-descriptor", "read", "nothing", "read below a directory opened by O_PATH", read_below_path_descriptor },
	{ "file-read-reopened", "read", "reads-proc", "open by O_PATH, read through /proc/self/fd", read_path_descriptor },
	{ "file-read-proc-root", "read", "reads-proc", "read through /proc/self/root", read_by_proc_root },
	{ "file-read-handle", "read,kernel-interfaces@seccomp", "zone", "read by file handle", read_by_handle },
	{ "directory-list", "read", "nothing", "list a directory", list },
	{ "file-write", "write", "nothing", "write to a file", write_plainly },
	{ "file-append", "write", "nothing", "append to a file", append },
	{ "file-write-mapped", "write", "reads-outside", "write through a shared mapping", write_by_mapping },
	{ "file-create", "create", "nothing", "make a file", create },
	{ "directory-create", "create", "nothing", "make a directory", make_directory },
	{ "symlink-create", "create", "nothing", "make a symlink", make_symlink },
	{ "fifo-create", "create", "nothing", "make a named pipe", make_fifo },
	{ "socket-create", "create", "nothing", "make a socket file by mknod", make_socket },
	{ "device-create", "make-device", "nothing", "make a device file", make_device },
	{ "whiteout-create", "create,make-device", "nothing", "make a whiteout, a device that anybody may make", make_whiteout },
	{ "file-create-unnamed", "write", "nothing", "make a file without a name", temporary_outside },
	{ "file-remove", "remove", "nothing", "remove a file", unlink_file },
	{ "directory-remove", "remove", "nothing", "remove a directory", remove_directory },
	{ "rename-outside", "remove", "nothing", "rename within the directory outside", rename_outside },
	{ "rename-out", "rename,create", "zone", "rename a file out of the zone", rename_out },
	{ "rename-over", "rename,create,remove", "zone", "replace a file outside by one of the zone", rename_over },
	{ "rename-in", "rename,remove", "zone", "rename a file into the zone, read it there", rename_in },
	{ "rename-exchange", "rename,remove,create", "zone", "exchange a file of the zone with one outside", exchange },
	{ "rename-whiteout", "remove,make-device", "nothing", "rename and leave a whiteout", rename_whiteout },
	{ "link-out", "rename,create", "zone", "link a file of the zone to the outside", link_out },
	{ "link-in", "rename", "zone", "link a file outside into the zone, read it there", link_in },
	{ "link-in-descriptor", "rename", "zone,reads-proc", "the same from a descriptor opened by O_PATH", link_in_descriptor },
	{ "link-temporary-out", "rename,create", "zone,reads-proc", "give a file without a name one outside", link_temporary_out },
	{ "directory-move-and-climb", "rename,create,read", "zone", "move the own directory outside, climb from there", climb_from_moved_directory },
	{ 0 },
};
