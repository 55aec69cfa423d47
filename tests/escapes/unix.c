/* UNIX sockets, as of a container daemon or a session bus: by path, abstract, and by detours. */
#include "escape.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un at_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	return address;
}

/* The abstract socket outside, and how long its address is. */
static socklen_t abstract_address(const char *name, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strncpy(address->sun_path + 1, staged(name), sizeof(address->sun_path) - 2);
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(staged(name));
}

static int connect_to(int fd, const char *path, const char *where)
{
	struct sockaddr_un to = at_path(path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return errno;
	return deliver(fd, where);
}

static int send_to(int fd, const char *path)
{
	struct sockaddr_un to = at_path(path);
	if (fd < 0 || sendto(fd, MESSAGE, strlen(MESSAGE), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		return errno;
	announce("datagram");
	return 0;
}

static int stream(void)
{
	return connect_to(socket(AF_UNIX, SOCK_STREAM, 0), outside("stream"), "stream");
}

static int garbage(void)
{
	long fd = syscall(SYS_socket, GARBAGE_ABOVE(AF_UNIX), GARBAGE_ABOVE(SOCK_STREAM), 0);
	return connect_to(fd, outside("stream"), "stream");
}

static int packets(void)
{
	return connect_to(socket(AF_UNIX, SOCK_SEQPACKET, 0), outside("packets"), "packets");
}

static int datagram(void)
{
	return send_to(socket(AF_UNIX, SOCK_DGRAM, 0), outside("datagram"));
}

static int datagram_connect(void)
{
	return connect_to(socket(AF_UNIX, SOCK_DGRAM, 0), outside("datagram"), "datagram");
}

static int raw_type(void)
{
	/* Another word for SOCK_DGRAM here. */
	return send_to(socket(AF_UNIX, SOCK_RAW, 0), outside("datagram"));
}

static int half_of_pair(void)
{
	int pair[2];
	return socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0 ? -1 : pair[0];
}

static int pair_reconnect(void)
{
	return connect_to(half_of_pair(), outside("datagram"), "datagram");
}

static int pair_send(void)
{
	return send_to(half_of_pair(), outside("datagram"));
}

static int pair_raw_send(void)
{
	int pair[2];
	long made = syscall(SYS_socketpair, GARBAGE_ABOVE(AF_UNIX), GARBAGE_ABOVE(SOCK_RAW), 0, pair);
	return made != 0 ? errno : send_to(pair[0], outside("datagram"));
}

/* A socket that was there before the sandbox. */
static int send_from_input(void)
{
	return send_to(STDIN_FILENO, outside("datagram"));
}

static int relative(void)
{
	if (chdir(outside("")) != 0)
		return errno;
	return connect_to(socket(AF_UNIX, SOCK_STREAM, 0), "stream", "stream");
}

static int by_symlink(void)
{
	if (symlink(outside("stream"), inside("shortcut")) != 0)
		return errno;
	return connect_to(socket(AF_UNIX, SOCK_STREAM, 0), inside("shortcut"), "stream");
}

static int by_descriptor(void)
{
	/* O_PATH asks for no right; the rest of the path starts there. */
	char path[64];
	int directory = open(outside(""), O_PATH | O_DIRECTORY);
	if (directory < 0)
		return errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/stream", directory);
	return connect_to(socket(AF_UNIX, SOCK_STREAM, 0), path, "stream");
}

static int abstract_stream(void)
{
	struct sockaddr_un to;
	socklen_t length = abstract_address("ABSTRACT", &to);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, length) != 0)
		return errno;
	return deliver(fd, "abstract");
}

static int abstract_send(int fd)
{
	struct sockaddr_un to;
	socklen_t length = abstract_address("ABSTRACT_DATAGRAM", &to);
	if (fd < 0 || sendto(fd, MESSAGE, strlen(MESSAGE), 0, (struct sockaddr *)&to, length) < 0)
		return errno;
	announce("abstract-datagram");
	return 0;
}

static int abstract_datagram(void)
{
	return abstract_send(socket(AF_UNIX, SOCK_DGRAM, 0));
}

static int abstract_from_pair(void)
{
	return abstract_send(half_of_pair());
}

/* Has somebody outside open the file, and hand it over. */
static int receive_descriptor(void)
{
	struct sockaddr_un to = at_path(outside("giver"));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return errno;
	union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control;
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	if (recvmsg(fd, &message, 0) < 0)
		return errno;
	if (message.msg_controllen < sizeof(control.header))
		return BROKEN;
	int received;
	memcpy(&received, CMSG_DATA(&control.header), sizeof(received));
	char content[sizeof(ORIGINAL)] = "";
	/* The position is the giver's own. */
	if (pread(received, content, sizeof(content) - 1, 0) < 0)
		return errno;
	return strcmp(content, ORIGINAL) == 0 ? 0 : BROKEN;
}

static int bind_outside(void)
{
	struct sockaddr_un at = at_path(outside("new"));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	return fd < 0 ? errno : outcome(bind(fd, (struct sockaddr *)&at, sizeof(at)));
}

const struct technique unix_sockets[] = {
	{ "unix-stream", "connect-unix", "nothing", "connect by path, as to a container daemon", stream },
	{ "unix-stream-garbage", "connect-unix", "nothing", "the same with garbage in the upper halves", garbage },
	{ "unix-stream-beside", "connect-unix", "unix", "connect to a socket beside the allowed ones", stream },
	{ "unix-packets", "connect-unix", "nothing", "connect by path, packets in sequence", packets },
	{ "unix-datagram", "connect-unix", "nothing", "send to a path", datagram },
	{ "unix-datagram-connect", "connect-unix", "nothing", "connect a datagram socket to a path", datagram_connect },
	{ "unix-raw-type", "connect-unix", "nothing", "the same by SOCK_RAW", raw_type },
	{ "unix-pair-reconnect", "connect-unix", "nothing", "connect half of a datagram pair to a path", pair_reconnect },
	{ "unix-pair-send", "connect-unix", "nothing", "send from half of a datagram pair to a path", pair_send },
	{ "unix-pair-raw", "connect-unix", "nothing", "the same from a pair of SOCK_RAW, with garbage", pair_raw_send },
	{ "unix-send-input", "connect-unix@landlock", "input-unix", "send from a socket that standard input is", send_from_input },
	{ "unix-relative", "connect-unix", "unix", "connect by a path relative to the directory outside", relative },
	{ "unix-symlink", "connect-unix", "zone,unix", "connect through a symlink in the zone", by_symlink },
	{ "unix-proc-descriptor", "connect-unix", "reads-proc", "connect through a directory opened by O_PATH", by_descriptor },
	{ "unix-abstract", "abstract-unix,connect-unix@seccomp", "nothing", "connect to an abstract socket", abstract_stream },
	{ "unix-abstract-datagram", "abstract-unix,connect-unix@seccomp", "nothing", "send to an abstract socket", abstract_datagram },
	{ "unix-abstract-pair", "abstract-unix,connect-unix@seccomp", "nothing", "send from half of a pair to an abstract socket", abstract_from_pair },
	{ "unix-abstract-client", "abstract-unix", "unix", "connect to an abstract socket where paths are allowed", abstract_stream },
	{ "unix-receive-descriptor", "connect-unix", "nothing", "be handed a forbidden file by SCM_RIGHTS", receive_descriptor },
	{ "unix-bind-outside", "create,connect-unix@seccomp", "nothing", "make a socket file outside", bind_outside },
	{ 0 },
};
