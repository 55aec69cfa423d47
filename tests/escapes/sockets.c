/* Sockets of other kinds: other streams, raw, packet, netlink, kernel crypto and what else there is. */
#include "escape.h"

#include <arpa/inet.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net.h"

#define ALL_PACKETS htons(3)

static int mptcp_connect(void)
{
	return connect_and_send(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), staged_number("TCP"), "tcp");
}

static int mptcp_connect_garbage(void)
{
	long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, GARBAGE_ABOVE(IPPROTO_MPTCP));
	return connect_and_send(fd, staged_number("TCP"), "tcp");
}

static int mptcp_listen(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	int result = bind_and_look(fd, staged_number("BIND"));
	return result != 0 ? result : outcome(listen(fd, 1));
}

static int sctp(void)
{
	return bind_and_look(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP), staged_number("BIND"));
}

static int sctp_packets(void)
{
	return bind_and_look(socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP), staged_number("BIND"));
}

static int smc_connect(void)
{
	/* Falls back to TCP where the other side knows no better. */
	return connect_and_send(socket(AF_SMC, SOCK_STREAM, 0), staged_number("TCP"), "tcp");
}

static int smc_protocol(void)
{
	const int IPPROTO_SMC_ = 256;
	return connect_and_send(socket(AF_INET, SOCK_STREAM, IPPROTO_SMC_), staged_number("TCP"), "tcp");
}

/* Sends a datagram to the UDP port by hand. */
static int raw(void)
{
	struct sockaddr_in to = loopback(0);
	struct { uint16_t from, to, length, sum; char data[8]; } datagram = {
		htons(9), htons(staged_number("UDP")), htons(8 + strlen(MESSAGE)), 0, MESSAGE,
	};
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	if (fd < 0 || sendto(fd, &datagram, 8 + strlen(MESSAGE), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		return errno;
	announce("udp");
	return 0;
}

static int packet(void)
{
	return outcome(socket(AF_PACKET, SOCK_RAW, ALL_PACKETS));
}

static int packet_cooked(void)
{
	return outcome(socket(AF_PACKET, SOCK_DGRAM, ALL_PACKETS));
}

static int packet_legacy(void)
{
	/* The kernel turns it into AF_PACKET. */
	return outcome(socket(AF_INET, SOCK_PACKET, ALL_PACKETS));
}

/* Lists the network interfaces. */
static int ask_routes(long fd)
{
	struct { struct nlmsghdr header; struct ifinfomsg body; } request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	union { struct nlmsghdr header; char space[4096]; } answer;
	if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0)
		return errno;
	return answer.header.nlmsg_type == RTM_NEWLINK ? 0 : BROKEN;
}

static int netlink_route(void)
{
	return ask_routes(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
}

static int netlink_garbage(void)
{
	return ask_routes(syscall(SYS_socket, GARBAGE_ABOVE(AF_NETLINK), GARBAGE_ABOVE(SOCK_DGRAM), GARBAGE_ABOVE(NETLINK_ROUTE)));
}

static int netlink_events(void)
{
	struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	return fd < 0 ? errno : outcome(bind(fd, (struct sockaddr *)&group, sizeof(group)));
}

/* Any of the kernel's other interfaces behind netlink: audit, crypto, netfilter, generic. */
static int netlink_other(void)
{
	int denied = CANNOT;
	for (int protocol = 1; protocol < 32; protocol++) {
		if (protocol == NETLINK_KOBJECT_UEVENT)
			continue;
		if (socket(AF_NETLINK, SOCK_RAW, protocol) >= 0)
			return 0;
		if (errno != EPROTONOSUPPORT || denied == CANNOT)
			denied = errno;
	}
	return denied;
}

static int netlink_pair(void)
{
	/* Unlike socket() it never works; a filter may still forget it. */
	int pair[2];
	return outcome(socketpair(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, pair));
}

static int vsock(void)
{
	return outcome(socket(AF_VSOCK, SOCK_STREAM, 0));
}

/* Has the kernel hash something. */
static int crypto(void)
{
	struct sockaddr_alg hash = { .salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256" };
	unsigned char digest[32];
	int fd = socket(AF_ALG, SOCK_SEQPACKET, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&hash, sizeof(hash)) != 0)
		return errno;
	int operation = accept(fd, NULL, NULL);
	if (operation < 0 || write(operation, MESSAGE, strlen(MESSAGE)) < 0)
		return errno;
	return read(operation, digest, sizeof(digest)) == sizeof(digest) ? 0 : errno;
}

/* Any other family: CAN, Bluetooth, TIPC, X.25, … whatever this kernel has or loads. */
static int other_family(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW, SOCK_RDM };
	int denied = CANNOT;
	for (int family = 1; family < 64; family++) {
		if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK)
			continue;
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			if (socket(family, types[i], 0) >= 0)
				return 0;
			if (denied == CANNOT || denied == EAFNOSUPPORT)
				denied = errno;
		}
	}
	return denied;
}

/* Any other protocol of IPv4 and IPv6 that this kernel has or loads. */
static int other_protocol(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW, SOCK_RDM, SOCK_DCCP };
	int denied = CANNOT;
	for (int protocol = 1; protocol < 400; protocol++) {
		if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_MPTCP || protocol == IPPROTO_SCTP)
			continue;
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			if (socket(AF_INET, types[i], protocol) >= 0 || socket(AF_INET6, types[i], protocol) >= 0)
				return 0;
			if (denied == CANNOT || denied == EPROTONOSUPPORT || denied == ESOCKTNOSUPPORT)
				denied = errno;
		}
	}
	return denied;
}

const struct technique sockets[] = {
	{ "mptcp-connect", "other-streams", "nothing", "connect an MPTCP socket", mptcp_connect },
	{ "mptcp-connect-other-port", "other-streams", "tcp-client", "the same to a port beside the allowed one", mptcp_connect },
	{ "mptcp-connect-garbage", "other-streams", "tcp-client", "the same with garbage in the upper half of the protocol", mptcp_connect_garbage },
	{ "mptcp-listen", "other-streams", "tcp-server", "listen on an MPTCP socket", mptcp_listen },
	{ "sctp-bind", "other-streams", "tcp-server", "bind an SCTP stream", sctp },
	{ "sctp-bind-packets", "other-streams", "tcp-server", "bind an SCTP socket of many peers", sctp_packets },
	{ "smc-connect", "other-streams", "tcp-client", "connect an SMC socket", smc_connect },
	{ "smc-connect-protocol", "other-streams", "tcp-client", "the same under its name as a protocol of IPv4", smc_protocol },
	{ "raw-send", "other-sockets", "nothing", "send a datagram made by hand", raw },
	{ "packet-raw", "other-sockets", "nothing", "see and send frames", packet },
	{ "packet-cooked", "other-sockets", "nothing", "see and send frames without their headers", packet_cooked },
	{ "packet-legacy", "other-sockets", "udp-client", "the same by SOCK_PACKET", packet_legacy },
	{ "netlink-route", "netlink", "nothing", "list the network interfaces", netlink_route },
	{ "netlink-garbage", "netlink", "nothing", "the same with garbage in the upper halves", netlink_garbage },
	{ "netlink-events", "netlink", "nothing", "hear of devices that come and go", netlink_events },
	{ "netlink-other", "netlink", "nothing", "any other netlink protocol", netlink_other },
	{ "netlink-pair", "netlink", "nothing", "a pair of netlink sockets", netlink_pair },
	{ "vsock", "other-sockets", "nothing", "a socket to the host of a virtual machine", vsock },
	{ "kernel-crypto", "other-sockets", "nothing", "have the kernel hash something", crypto },
	{ "socket-other-family", "other-sockets", "nothing", "a socket of any other family", other_family },
	{ "socket-other-protocol", "other-sockets", "udp-client", "a socket of any other protocol of IP", other_protocol },
	{ 0 },
};
