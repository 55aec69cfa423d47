/* io_uring, whose operations no system call filter sees. */
#include "escape.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net.h"

/* One operation, and its result: negated errno if it fails. */
static int operate(const struct io_uring_sqe *operation, int *result)
{
	struct io_uring_params setup = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &setup);
	if (ring < 0)
		return errno;
	size_t submissions = setup.sq_off.array + setup.sq_entries * sizeof(unsigned int);
	size_t completions = setup.cq_off.cqes + setup.cq_entries * sizeof(struct io_uring_cqe);
	const int access = PROT_READ | PROT_WRITE;
	char *sq = mmap(NULL, submissions, access, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	char *cq = mmap(NULL, completions, access, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	struct io_uring_sqe *entry = mmap(NULL, sizeof(*entry), access, MAP_SHARED, ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || entry == MAP_FAILED)
		return errno;
	*entry = *operation;
	*(unsigned int *)(sq + setup.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(sq + setup.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return errno;
	*result = ((struct io_uring_cqe *)(cq + setup.cq_off.cqes))->res;
	return *result < 0 ? -*result : 0;
}

static int set_up(void)
{
	struct io_uring_params setup = { 0 };
	return outcome(syscall(SYS_io_uring_setup, 1, &setup));
}

static int read_file(void)
{
	struct io_uring_sqe open = { .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)outside("file") };
	int fd, result = operate(&open, &fd);
	return result != 0 ? result : file_is_original(fd);
}

static int truncate_file(void)
{
	struct io_uring_sqe open = {
		.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)outside("file"), .open_flags = O_RDONLY | O_TRUNC,
	};
	struct stat now;
	int fd, result = operate(&open, &fd);
	if (result != 0)
		return result;
	return stat(outside("file"), &now) == 0 && now.st_size == 0 ? 0 : BROKEN;
}

static int make_socket(int family, int type)
{
	struct io_uring_sqe socket = { .opcode = IORING_OP_SOCKET, .fd = family, .off = type };
	int fd, result = operate(&socket, &fd);
	if (result != 0) {
		errno = result;
		return -1;
	}
	return fd;
}

static int make_netlink(void)
{
	return outcome(make_socket(AF_NETLINK, SOCK_RAW));
}

static int send_datagram(void)
{
	/* The socket by the ring, the sending by an ordinary call. */
	return connect_and_send(make_socket(AF_INET, SOCK_DGRAM), staged_number("UDP"), "udp");
}

static int connect_socket(void)
{
	struct sockaddr_in to = loopback(staged_number("TCP"));
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct io_uring_sqe connect = { .opcode = IORING_OP_CONNECT, .fd = fd, .addr = (uintptr_t)&to, .off = sizeof(to) };
	int none, result = fd < 0 ? errno : operate(&connect, &none);
	return result != 0 ? result : deliver(fd, "tcp");
}

static int set_attribute(void)
{
	struct io_uring_sqe set = {
		.opcode = IORING_OP_SETXATTR, .addr = (uintptr_t)"user.ringfence", .addr2 = (uintptr_t)"x",
		.addr3 = (uintptr_t)outside("file"), .len = 1,
	};
	int none;
	return operate(&set, &none);
}

static int remove_file(void)
{
	struct io_uring_sqe unlink = { .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (uintptr_t)outside("file") };
	int none;
	return operate(&unlink, &none);
}

const struct technique uring[] = {
	{ "io-uring", "io-uring", "nothing", "a ring", set_up },
	{ "io-uring-read", "read,io-uring", "nothing", "open a file", read_file },
	{ "io-uring-truncate", "truncate,io-uring", "reads-outside", "open a file for reading, and truncate it", truncate_file },
	{ "io-uring-remove", "remove,io-uring", "nothing", "remove a file", remove_file },
	{ "io-uring-connect", "connect-tcp,io-uring", "tcp-client", "connect to a port beside the allowed one", connect_socket },
	{ "io-uring-netlink", "io-uring", "nothing", "a netlink socket", make_netlink },
	{ "io-uring-datagram", "connect-udp@landlock,io-uring", "nothing", "a UDP socket, to send by", send_datagram },
	{ "io-uring-setxattr", "io-uring", "nothing", "set an attribute of a file", set_attribute },
	{ 0 },
};
