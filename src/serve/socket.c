/*
 * socket.c: opening and binding.
 *
 * SO_REUSEPORT would let a second server of the same user share the port in
 * silence; so a socket without it is bound first, which fails if anybody is
 * there, and closed again before the group is bound.
 */
#include "serve/socket.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

enum {
	SOCKET_BUFFER = 4 << 20,   /* some 40,000 small packets: what a stall of 50 ms brings */
	SOCKET_BACKLOG = 4096,     /* the kernel lowers it to net.core.somaxconn */
	SOCKET_FAST_OPEN = 256,    /* clients that may be in their first data at once (RFC 7413) */
	SOCKET_PORT_ATTEMPTS = 64, /* port 0: free for UDP, but perhaps not for TCP */
};

static const struct socket_fault {
	int code;
	const char *text;
} socket_faults[] = {
        {EADDRINUSE, "address in use; is another DNS server running?"},
        {EACCES, "permission denied; ports under 1024 need CAP_NET_BIND_SERVICE or root"},
        {EADDRNOTAVAIL, "this host has no such address"},
        {EAFNOSUPPORT, "this host does not support the address family"},
        {EMFILE, "too many open files; raise the limit of descriptors (ulimit -n)"},
};

static const char *socket_fault_text(int code)
{
	for (size_t i = 0; i < sizeof socket_faults / sizeof *socket_faults; i++)
		if (socket_faults[i].code == code)
			return socket_faults[i].text;
	return strerror(code);
}

static void socket_complain(const struct endpoint *endpoint, int type, int code, enum err_level level, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	err_add(err, level, NULL, "%s (%s): %s", endpoint_format(endpoint, text), type == SOCK_DGRAM ? "UDP" : "TCP",
	        socket_fault_text(code));
}

/* An option whose failure costs speed, never an answer. */
static void socket_wish(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof value);
}

static int socket_demand(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value);
}

static void socket_grow(int fd, int forced, int plain)
{
	if (socket_demand(fd, SOL_SOCKET, forced, SOCKET_BUFFER) != 0)
		socket_wish(fd, SOL_SOCKET, plain, SOCKET_BUFFER);
}

static int socket_set_up_udp(int fd, bool v6, bool wildcard)
{
	if (socket_demand(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0)
		return -1;
	if (wildcard && socket_demand(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, 1) != 0)
		return -1;
	/* A forged "fragmentation needed" must not make us send fragments. */
	if (v6)
		socket_wish(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
	else
		socket_wish(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
	socket_grow(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	socket_grow(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	return 0;
}

static int socket_set_up_tcp(int fd)
{
	if (socket_demand(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0)
		return -1;
	socket_wish(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* connections inherit it */
	socket_wish(fd, IPPROTO_TCP, TCP_FASTOPEN, SOCKET_FAST_OPEN);
	return 0;
}

enum socket_purpose { SOCKET_PROBE, SOCKET_UDP, SOCKET_TCP };

static int socket_prepare(int fd, const struct endpoint *endpoint, enum socket_purpose purpose)
{
	bool v6 = endpoint->addr.family == ADDR_V6;
	if (v6 && socket_demand(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0)
		return -1;
	if (purpose == SOCKET_UDP && socket_set_up_udp(fd, v6, socket_is_wildcard(&endpoint->addr)) != 0)
		return -1;
	if (purpose == SOCKET_TCP && socket_set_up_tcp(fd) != 0)
		return -1;
	struct sockaddr_storage to;
	socklen_t length = endpoint_to_sockaddr(endpoint, &to);
	if (bind(fd, (const struct sockaddr *)&to, length) != 0)
		return -1;
	return purpose == SOCKET_TCP ? listen(fd, SOCKET_BACKLOG) : 0;
}

/* A bound socket, or -1 and errno. */
static int socket_bound(const struct endpoint *endpoint, enum socket_purpose purpose)
{
	int type = purpose == SOCKET_TCP ? SOCK_STREAM | SOCK_NONBLOCK : SOCK_DGRAM;
	int fd = socket(endpoint->addr.family == ADDR_V6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (socket_prepare(fd, endpoint, purpose) != 0) {
		int code = errno;
		close(fd);
		errno = code;
		return -1;
	}
	return fd;
}

static uint16_t socket_port(int fd)
{
	struct sockaddr_storage bound;
	socklen_t length = sizeof bound;
	MUST(getsockname(fd, (struct sockaddr *)&bound, &length) == 0);
	return endpoint_from_sockaddr((const struct sockaddr *)&bound).port;
}

/* Binds alone for a moment: nobody else is at this endpoint; a port of 0 becomes a real one. */
static int socket_claim(struct endpoint *endpoint)
{
	int fd = socket_bound(endpoint, SOCKET_PROBE);
	if (fd < 0)
		return -1;
	endpoint->port = socket_port(fd);
	close(fd);
	return 0;
}

static bool socket_open_udp(struct socket_set *set)
{
	struct endpoint claimed = set->endpoint;
	if (socket_claim(&claimed) != 0)
		return false;
	set->endpoint = claimed;
	for (unsigned i = 0; i < set->udp_count; i++)
		if ((set->udp[i] = socket_bound(&set->endpoint, SOCKET_UDP)) < 0)
			return false;
	return true;
}

static bool socket_open_tcp(struct socket_set *set)
{
	set->tcp = socket_bound(&set->endpoint, SOCKET_TCP);
	return set->tcp >= 0;
}

/* Both transports are tried, so that both are reported. */
static enum socket_outcome socket_open_both(struct socket_set *set, bool last, struct err *err)
{
	const struct endpoint asked = set->endpoint;
	bool udp = socket_open_udp(set);
	int udp_code = errno;
	if (!udp && udp_code == EAFNOSUPPORT && socket_is_wildcard(&asked.addr) && asked.addr.family == ADDR_V6) {
		socket_complain(&asked, SOCK_DGRAM, udp_code, ERR_WARNING, err);
		return SOCKET_ABSENT;
	}
	bool tcp = socket_open_tcp(set);
	int tcp_code = errno;
	if (udp && tcp)
		return SOCKET_BOUND;
	if (last && !udp)
		socket_complain(&asked, SOCK_DGRAM, udp_code, ERR_ERROR, err);
	if (last && !tcp)
		socket_complain(&asked, SOCK_STREAM, tcp_code, ERR_ERROR, err);
	return SOCKET_FAILED;
}

enum socket_outcome socket_set_open(
        struct socket_set *set, const struct endpoint *endpoint, unsigned workers, struct err *err)
{
	*set = (struct socket_set){
	        .wildcard = socket_is_wildcard(&endpoint->addr),
	        .udp_count = workers,
	        .udp = malloc(workers * sizeof *set->udp),
	        .tcp = -1,
	};
	MUST(set->udp != NULL);
	for (unsigned i = 0; i < workers; i++)
		set->udp[i] = -1;
	unsigned attempts = endpoint->port == 0 ? SOCKET_PORT_ATTEMPTS : 1;
	for (unsigned i = 1;; i++) {
		set->endpoint = *endpoint;
		enum socket_outcome outcome = socket_open_both(set, i == attempts, err);
		if (outcome == SOCKET_BOUND)
			return outcome;
		if (outcome == SOCKET_ABSENT || i == attempts) {
			socket_set_close(set);
			return outcome;
		}
		for (unsigned k = 0; k < workers; k++)
			if (set->udp[k] >= 0) {
				close(set->udp[k]);
				set->udp[k] = -1;
			}
		if (set->tcp >= 0)
			close(set->tcp);
		set->tcp = -1;
	}
}

void socket_set_close(struct socket_set *set)
{
	for (unsigned i = 0; set->udp != NULL && i < set->udp_count; i++)
		if (set->udp[i] >= 0)
			close(set->udp[i]);
	if (set->tcp >= 0)
		close(set->tcp);
	free(set->udp);
	*set = (struct socket_set){.tcp = -1};
}

bool socket_is_wildcard(const struct addr *addr)
{
	static const uint8_t zero[sizeof addr->bytes];
	return memcmp(addr->bytes, zero, sizeof zero) == 0;
}

static unsigned socket_descriptors_open(void)
{
	DIR *folder = opendir("/proc/self/fd");
	if (folder == NULL)
		return 32;
	unsigned count = 0;
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count > 3 ? count - 3 : 0; /* not ".", "..", nor the folder itself */
}

unsigned socket_descriptors_left(void)
{
	struct rlimit limit;
	MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	unsigned most = limit.rlim_cur > 1u << 20 ? 1u << 20 : (unsigned)limit.rlim_cur;
	unsigned open = socket_descriptors_open();
	return most > open ? most - open : 0;
}
