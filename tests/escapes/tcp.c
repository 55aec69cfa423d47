/* TCP: to a port, from a port, and around the checks on both. */
#include "escape.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net.h"

static int connect_plainly(void)
{
	return connect_and_send(socket(AF_INET, SOCK_STREAM, 0), staged_number("TCP"), "tcp");
}

static int connect_with_garbage(void)
{
	long fd = syscall(SYS_socket, GARBAGE_ABOVE(AF_INET), GARBAGE_ABOVE(SOCK_STREAM), GARBAGE_ABOVE(0));
	return connect_and_send(fd, staged_number("TCP"), "tcp");
}

static int connect_mapped(void)
{
	struct sockaddr_in6 to = mapped(staged_number("TCP"));
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return errno;
	return deliver(fd, "tcp");
}

static int connect_without_waiting(void)
{
	struct sockaddr_in to = loopback(staged_number("TCP"));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS))
		return errno;
	poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 2000);
	return deliver(fd, "tcp");
}

static int reconnect(void)
{
	struct sockaddr_in to = loopback(staged_number("TCP_ALLOWED"));
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return errno;
	/* Dissolves the connection and makes the socket fit for another. */
	if (connect(fd, &nowhere, sizeof(nowhere)) != 0)
		return errno;
	return connect_and_send(fd, staged_number("TCP"), "tcp");
}

static int fast_open_connect(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){ 1 }, sizeof(int)) != 0)
		return errno;
	return connect_and_send(fd, staged_number("TCP"), "tcp");
}

/* Turns a TCP socket into one of SMC. */
static int become_smc(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_ULP, "smc", sizeof("smc")) != 0)
		return errno;
	return connect_and_send(fd, staged_number("TCP"), "tcp");
}

enum call { SENDTO, SENDMSG, SENDMMSG };

/* Connects by sending. */
static int fast_open(enum call call, int protocol, unsigned long flags)
{
	struct sockaddr_in to = loopback(staged_number("TCP"));
	struct iovec data = { .iov_base = MESSAGE, .iov_len = strlen(MESSAGE) };
	struct mmsghdr message = { .msg_hdr = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &data, .msg_iovlen = 1 } };
	int fd = socket(AF_INET, SOCK_STREAM, protocol);
	long sent = -1;
	if (fd < 0)
		return errno;
	switch (call) {
	case SENDTO:
		sent = syscall(SYS_sendto, fd, MESSAGE, strlen(MESSAGE), flags, &to, sizeof(to));
		break;
	case SENDMSG:
		sent = syscall(SYS_sendmsg, fd, &message.msg_hdr, flags);
		break;
	case SENDMMSG:
		sent = syscall(SYS_sendmmsg, fd, &message, 1, flags);
		break;
	}
	if (sent < 0)
		return errno;
	announce("tcp");
	return 0;
}

static int fast_open_sendto(void)
{
	return fast_open(SENDTO, 0, MSG_FASTOPEN);
}

static int fast_open_sendmsg(void)
{
	return fast_open(SENDMSG, 0, MSG_FASTOPEN);
}

static int fast_open_sendmmsg(void)
{
	return fast_open(SENDMMSG, 0, MSG_FASTOPEN);
}

static int fast_open_sendto_garbage(void)
{
	return fast_open(SENDTO, 0, GARBAGE_ABOVE(MSG_FASTOPEN));
}

static int fast_open_sendmsg_garbage(void)
{
	return fast_open(SENDMSG, 0, GARBAGE_ABOVE(MSG_FASTOPEN));
}

static int fast_open_sendmmsg_garbage(void)
{
	return fast_open(SENDMMSG, 0, GARBAGE_ABOVE(MSG_FASTOPEN | MSG_NOSIGNAL));
}

static int fast_open_mptcp(void)
{
	return fast_open(SENDTO, IPPROTO_MPTCP, MSG_FASTOPEN);
}

static int bind_to(int port)
{
	return bind_and_look(socket(AF_INET, SOCK_STREAM, 0), port);
}

static int bind_forbidden(void)
{
	return bind_to(staged_number("BIND"));
}

static int bind_below(void)
{
	return bind_to(staged_number("BIND_ALLOWED") - 1);
}

static int bind_above(void)
{
	return bind_to(staged_number("BIND_ALLOWED") + 3);
}

static int bind_zero(void)
{
	return bind_to(0);
}

static int bind_unspec(void)
{
	/* Takes the family of the address for that of the socket, if the address is the wildcard. */
	struct sockaddr_in at = { .sin_family = AF_UNSPEC, .sin_port = htons(staged_number("BIND")) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return errno;
	return local_port(fd) == staged_number("BIND") ? 0 : BROKEN;
}

static int bind_mapped(void)
{
	struct sockaddr_in6 at = mapped(staged_number("BIND"));
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return errno;
	return local_port(fd) == staged_number("BIND") ? 0 : BROKEN;
}

static int listen_unbound(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || listen(fd, 1) != 0)
		return errno;
	return local_port(fd) != 0 ? 0 : BROKEN;
}

const struct technique tcp[] = {
	{ "tcp-connect", "connect-tcp", "nothing", "connect and send", connect_plainly },
	{ "tcp-connect-other-port", "connect-tcp", "tcp-client", "connect to a port beside the allowed one", connect_plainly },
	{ "tcp-connect-garbage", "connect-tcp", "nothing", "socket() with garbage in the upper halves", connect_with_garbage },
	{ "tcp-connect-mapped", "connect-tcp", "tcp-client", "an IPv6 socket to the IPv4-mapped address", connect_mapped },
	{ "tcp-connect-nonblocking", "connect-tcp", "tcp-client", "connect without waiting, send later", connect_without_waiting },
	{ "tcp-reconnect", "connect-tcp", "tcp-client", "connect to the allowed port, dissolve, connect to another", reconnect },
	{ "tcp-fast-open-connect", "connect-tcp", "tcp-client", "put the connect off by TCP_FASTOPEN_CONNECT", fast_open_connect },
	{ "tcp-fast-open-sendto", "tcp-fast-open", "tcp-client", "connect by sendto(MSG_FASTOPEN)", fast_open_sendto },
	{ "tcp-fast-open-sendmsg", "tcp-fast-open", "tcp-client", "connect by sendmsg(MSG_FASTOPEN)", fast_open_sendmsg },
	{ "tcp-fast-open-sendmmsg", "tcp-fast-open", "tcp-client", "connect by sendmmsg(MSG_FASTOPEN)", fast_open_sendmmsg },
	{ "tcp-fast-open-sendto-garbage", "tcp-fast-open", "tcp-client", "the same with garbage in the upper half of the flags", fast_open_sendto_garbage },
	{ "tcp-fast-open-sendmsg-garbage", "tcp-fast-open", "tcp-client", "the same with garbage in the upper half of the flags", fast_open_sendmsg_garbage },
	{ "tcp-fast-open-sendmmsg-garbage", "tcp-fast-open", "tcp-client", "the same with garbage and another flag", fast_open_sendmmsg_garbage },
	{ "mptcp-fast-open", "other-streams,tcp-fast-open@seccomp", "tcp-client", "connect an MPTCP socket by sendto(MSG_FASTOPEN)", fast_open_mptcp },
	{ "tcp-become-smc", "other-streams", "tcp-client", "turn a TCP socket into one of SMC", become_smc },
	{ "tcp-bind", "bind-tcp", "nothing", "bind a port", bind_forbidden },
	{ "tcp-bind-other-port", "bind-tcp", "tcp-server", "bind a port beside the allowed ones", bind_forbidden },
	{ "tcp-bind-below-range", "bind-tcp", "tcp-server", "bind the port below the allowed range", bind_below },
	{ "tcp-bind-above-range", "bind-tcp", "tcp-server", "bind the port above the allowed range", bind_above },
	{ "tcp-bind-zero", "bind-tcp", "tcp-server", "bind a port of the kernel's choice", bind_zero },
	{ "tcp-bind-unspec", "bind-tcp", "tcp-server", "bind an address of no family", bind_unspec },
	{ "tcp-bind-mapped", "bind-tcp", "tcp-server", "bind an IPv6 socket to the IPv4-mapped address", bind_mapped },
	{ "tcp-listen-unbound", "listen-unbound", "tcp-client", "listen on a socket never bound", listen_unbound },
	{ "tcp-listen-unbound-socket", "listen-unbound", "makes-sockets", "the same where a line lets socket() pass", listen_unbound },
	{ "tcp-listen-unbound-server", "listen-unbound", "tcp-server", "the same where some ports may be bound", listen_unbound },
	{ 0 },
};
