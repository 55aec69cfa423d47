/* UDP and its kin: connected, unbound, and to addresses in disguise. */
#include "escape.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net.h"

static int sent(long bytes, const char *where)
{
	if (bytes < 0)
		return errno;
	announce(where);
	return 0;
}

static int send_to(int fd, const void *address, socklen_t length)
{
	if (fd < 0)
		return errno;
	return sent(sendto(fd, MESSAGE, strlen(MESSAGE), 0, address, length), "udp");
}

static int connect_plainly(void)
{
	return connect_and_send(socket(AF_INET, SOCK_DGRAM, 0), staged_number("UDP"), "udp");
}

static int connect_with_garbage(void)
{
	long fd = syscall(SYS_socket, GARBAGE_ABOVE(AF_INET), GARBAGE_ABOVE(SOCK_DGRAM | SOCK_CLOEXEC), GARBAGE_ABOVE(IPPROTO_UDP));
	return connect_and_send(fd, staged_number("UDP"), "udp");
}

static int send_unbound(void)
{
	struct sockaddr_in to = loopback(staged_number("UDP"));
	return send_to(socket(AF_INET, SOCK_DGRAM, 0), &to, sizeof(to));
}

static int send_message(void)
{
	struct sockaddr_in to = loopback(staged_number("UDP"));
	struct iovec data = { .iov_base = MESSAGE, .iov_len = strlen(MESSAGE) };
	struct msghdr message = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &data, .msg_iovlen = 1 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	return fd < 0 ? errno : sent(sendmsg(fd, &message, 0), "udp");
}

static int send_messages(void)
{
	struct sockaddr_in to = loopback(staged_number("UDP"));
	struct iovec data = { .iov_base = MESSAGE, .iov_len = strlen(MESSAGE) };
	struct mmsghdr message = { .msg_hdr = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &data, .msg_iovlen = 1 } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	return fd < 0 ? errno : sent(sendmmsg(fd, &message, 1, 0), "udp");
}

/* Asks for a name that carries the message, as a resolver would. */
static int ask_for_name(void)
{
	static const char query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07" MESSAGE "\x07" "example\x00\x00\x01\x00\x01";
	struct sockaddr_in to = loopback(staged_number("UDP"));
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return errno;
	return sent(sendto(fd, query, sizeof(query) - 1, MSG_NOSIGNAL, NULL, 0), "udp");
}

/* Connects to the allowed port, and names another for the datagram. */
static int send_past_connection(void)
{
	struct sockaddr_in allowed = loopback(staged_number("UDP_ALLOWED"));
	struct sockaddr_in to = loopback(staged_number("UDP"));
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&allowed, sizeof(allowed)) != 0)
		return errno;
	return send_to(fd, &to, sizeof(to));
}

static int reconnect(void)
{
	struct sockaddr_in allowed = loopback(staged_number("UDP_ALLOWED"));
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&allowed, sizeof(allowed)) != 0)
		return errno;
	if (connect(fd, &nowhere, sizeof(nowhere)) != 0)
		return errno;
	return connect_and_send(fd, staged_number("UDP"), "udp");
}

/* The kernel takes an address of no family for IPv4. */
static int send_to_unspec(void)
{
	struct sockaddr_in to = loopback(staged_number("UDP"));
	to.sin_family = AF_UNSPEC;
	return send_to(socket(AF_INET, SOCK_DGRAM, 0), &to, sizeof(to));
}

/* An IPv6 socket hands an IPv4 address on to IPv4. */
static int send_to_other_family(void)
{
	struct sockaddr_in to = loopback(staged_number("UDP"));
	return send_to(socket(AF_INET6, SOCK_DGRAM, 0), &to, sizeof(to));
}

static int send_to_mapped(void)
{
	struct sockaddr_in6 to = mapped(staged_number("UDP"));
	return send_to(socket(AF_INET6, SOCK_DGRAM, 0), &to, sizeof(to));
}

static int bind_forbidden(void)
{
	return bind_and_look(socket(AF_INET, SOCK_DGRAM, 0), staged_number("BIND"));
}

static int bind_zero(void)
{
	return bind_and_look(socket(AF_INET, SOCK_DGRAM, 0), 0);
}

static int bind_unspec(void)
{
	struct sockaddr_in at = { .sin_family = AF_UNSPEC, .sin_port = htons(staged_number("BIND")) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return errno;
	return local_port(fd) == staged_number("BIND") ? 0 : BROKEN;
}

static int udp_lite(void)
{
	struct sockaddr_in to = loopback(staged_number("UDP"));
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
	if (fd < 0)
		return errno;
	/* Nobody listens for UDP-Lite: that the kernel takes it is all that there is to see. */
	return outcome(sendto(fd, MESSAGE, strlen(MESSAGE), 0, (struct sockaddr *)&to, sizeof(to)));
}

static int ping(void)
{
	struct sockaddr_in to = loopback(0);
	char echo[16] = { 8 };
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	if (fd < 0 || sendto(fd, echo, sizeof(echo), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		return errno;
	return outcome(recv(fd, echo, sizeof(echo), 0));
}

/* A socket that was there before the sandbox. */
static int send_from_input(void)
{
	struct sockaddr_in to = loopback(staged_number("UDP"));
	return send_to(STDIN_FILENO, &to, sizeof(to));
}

const struct technique udp[] = {
	{ "udp-connect", "connect-udp", "nothing", "connect and send", connect_plainly },
	{ "udp-connect-garbage", "connect-udp", "nothing", "socket() with garbage in the upper halves", connect_with_garbage },
	{ "udp-connect-other-port", "connect-udp", "udp-client", "connect to a port beside the allowed one", connect_plainly },
	{ "udp-sendto", "connect-udp", "nothing", "send from an unbound socket", send_unbound },
	{ "udp-sendmsg", "connect-udp", "nothing", "the same by sendmsg", send_message },
	{ "udp-sendmmsg", "connect-udp", "nothing", "the same by sendmmsg", send_messages },
	{ "udp-sendto-other-port", "connect-udp", "udp-client", "send to a port beside the allowed one", send_unbound },
	{ "udp-sendmmsg-other-port", "connect-udp", "udp-client", "the same by sendmmsg", send_messages },
	{ "udp-query", "connect-udp", "nothing", "data in the name that a resolver is asked for", ask_for_name },
	{ "udp-send-past-connection", "connect-udp", "udp-client", "connect to the allowed port, send to another", send_past_connection },
	{ "udp-reconnect", "connect-udp", "udp-client", "connect to the allowed port, dissolve, connect to another", reconnect },
	{ "udp-send-unspec", "connect-udp", "udp-client", "send to an address of no family", send_to_unspec },
	{ "udp-send-other-family", "connect-udp", "udp-client", "an IPv4 address through an IPv6 socket", send_to_other_family },
	{ "udp-send-mapped", "connect-udp", "udp-client", "an IPv4-mapped address through an IPv6 socket", send_to_mapped },
	{ "udp-send-input", "connect-udp@landlock", "input-udp", "send from a socket that standard input is", send_from_input },
	{ "udp-bind", "bind-udp", "nothing", "bind a port", bind_forbidden },
	{ "udp-bind-other-port", "bind-udp", "udp-server", "bind a port beside the allowed one", bind_forbidden },
	{ "udp-bind-zero", "bind-udp", "udp-server", "bind a port of the kernel's choice", bind_zero },
	{ "udp-bind-unspec", "bind-udp", "udp-server", "bind an address of no family", bind_unspec },
	{ "udp-lite", "other-sockets", "udp-client", "send by UDP-Lite", udp_lite },
	{ "icmp-echo", "other-sockets", "nothing", "ping through a datagram socket", ping },
	{ 0 },
};
