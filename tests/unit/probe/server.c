/*
 * server.c: one thread accepts, one more serves each connection.
 *
 *   /ok          200, "all is ok"            /host        200 if Host is www.example.com and X-Probe is 1
 *   /503         503                         /redirect    302 to /ok of the same host
 *   /elsewhere   302 to another host         /loop        302 to itself
 *   /reset       half a body, then a reset   /short       half a body, then the end
 *   /big         200 KB, "ok" at the start   /late        200 KB, "ok" at the end
 *   /endless     a body that never ends      /drip        a byte at a time, never ending
 *   /heads       lines of a head for ever    /line        one line of a head, for ever
 *   /chunk       a chunk, then for ever what may stand beside its length
 *   /silent      nothing, for ever           /noise       what is not HTTP
 *   /nothing     closes without a word       /tail        a body without a length, "ok" at its end
 *   /json        200, {"role": …}            /json503     503, {"role": …}
 */
#include "server.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

#define CONNECTIONS 64

struct connection {
	struct server *server;
	pthread_t thread;
	int fd;
	SSL *ssl;
};

struct server {
	int listener;
	int wake[2]; /* closed at the end: whoever waits, wakes */
	uint16_t port;
	enum server_tls tls;
	SSL_CTX *context;
	pthread_t thread;
	_Atomic unsigned count;
	struct connection connections[CONNECTIONS];
};

struct authority {
	EVP_PKEY *key;
	X509 *certificate;
	char path[64];
};

/* ---- certificates ---- */

static X509 *certify(
        const char *name, EVP_PKEY *key, const struct authority *issuer, EVP_PKEY *issuer_key, long from, long to)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);
	char text[128];
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), rand());
	X509_set_version(certificate, 2);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from);
	X509_gmtime_adj(X509_getm_notAfter(certificate), to);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer->certificate) : subject);
	snprintf(text, sizeof text, issuer ? "DNS:%s" : "CA:TRUE%.0s", name);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(
	        NULL, NULL, issuer ? NID_subject_alt_name : NID_basic_constraints, text);
	MUST(extension && X509_add_ext(certificate, extension, -1));
	X509_EXTENSION_free(extension);
	MUST(X509_sign(certificate, issuer_key, EVP_sha256()));
	return certificate;
}

struct authority *authority_new(void)
{
	struct authority *authority = calloc(1, sizeof *authority);
	MUST(authority);
	authority->key = EVP_EC_gen("P-256");
	authority->certificate = certify("Test CA", authority->key, NULL, authority->key, -3600, 86400);
	strcpy(authority->path, "/tmp/meridian-test-ca-XXXXXX");
	int fd = mkstemp(authority->path);
	FILE *file = fdopen(fd, "w");
	MUST(file && PEM_write_X509(file, authority->certificate) && fclose(file) == 0);
	return authority;
}

const char *authority_file(const struct authority *authority)
{
	return authority->path;
}

void authority_free(struct authority *authority)
{
	unlink(authority->path);
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
	free(authority);
}

static SSL_CTX *context_new(enum server_tls tls, const struct authority *authority)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = certify(tls == SERVER_OTHER_NAME ? "other.example.com" : "www.example.com", key, authority,
	        authority->key, -7200, tls == SERVER_EXPIRED ? -3600 : 86400);
	MUST(SSL_CTX_use_certificate(context, certificate) && SSL_CTX_use_PrivateKey(context, key));
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}

/* ---- a connection ---- */

/* Waits until there is something to read or the test ends; true: there is. */
static bool wait_readable(const struct connection *connection)
{
	struct pollfd fds[2] = {
	        {.fd = connection->fd, .events = POLLIN}, {.fd = connection->server->wake[0], .events = POLLIN}};
	return poll(fds, 2, 10000) > 0 && !fds[1].revents;
}

static bool send_all(struct connection *connection, const char *bytes, size_t size)
{
	while (size) {
		ssize_t sent = connection->ssl ? SSL_write(connection->ssl, bytes, (int)size)
		                               : send(connection->fd, bytes, size, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		size -= (size_t)sent;
	}
	return true;
}

static void say(struct connection *connection, const char *text)
{
	send_all(connection, text, strlen(text));
}

/* Until the other side is gone, or the test ends. */
static void hold(struct connection *connection)
{
	char byte[64];
	while (wait_readable(connection) && recv(connection->fd, byte, sizeof byte, 0) > 0)
		;
}

static void say_big(struct connection *connection, const char *first, const char *last)
{
	static char filler[1000];
	memset(filler, '.', sizeof filler);
	say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 200020\r\n\r\n");
	say(connection, first);
	for (int i = 0; i < 200; i++)
		if (!send_all(connection, filler, sizeof filler))
			return;
	say(connection, last);
}

static void say_for_ever(struct connection *connection, bool slowly)
{
	struct pollfd fds[2] = {
	        {.fd = connection->fd, .events = POLLIN}, {.fd = connection->server->wake[0], .events = POLLIN}};
	say(connection, "HTTP/1.1 200 OK\r\n\r\nok");
	while (poll(fds, 2, slowly ? 20 : 0) == 0)
		if (!send_all(connection, "................", slowly ? 1 : 16))
			return;
}

/* `first`, then `more` over and over. */
static void say_on_and_on(struct connection *connection, const char *first, const char *more)
{
	say(connection, first);
	while (send_all(connection, more, strlen(more)))
		;
}

static void reset(struct connection *connection)
{
	struct linger linger = {.l_onoff = 1};
	setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

#define REDIRECT(to) "HTTP/1.1 302 Found\r\nLocation: " to "\r\nContent-Length: 0\r\n\r\n"
#define JSON "Content-Length: 32\r\n\r\n{\"role\": \"primary\", \"epoch\": 12}"
#define HEAD "HTTP/1.1 200 OK\r\n"
#define HALF "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok, but"

static const struct {
	const char *path, *reply;
} replies[] = {
        {"/ok", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall is ok"},
        {"/503", "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno"},
        {"/redirect", REDIRECT("/ok")},
        {"/elsewhere", REDIRECT("http://elsewhere.example/ok")},
        {"/loop", REDIRECT("/loop")},
        {"/short", HALF},
        {"/reset", HALF},
        {"/noise", "SSH-2.0-OpenSSH_9.2\r\n"},
        {"/nothing", ""},
        {"/silent", ""},
        {"/json", "HTTP/1.1 200 OK\r\n" JSON},
        {"/json503", "HTTP/1.1 503 Busy\r\n" JSON},
        {"/tail", "HTTP/1.0 200 OK\r\n\r\nit is ok"},
};

static void answer(struct connection *connection, const char *request, const char *path)
{
	for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
		if (!strcmp(path, replies[i].path))
			say(connection, replies[i].reply);
	if (!strcmp(path, "/host"))
		say(connection, strstr(request, "\r\nHost: www.example.com") && strstr(request, "\r\nX-Probe: 1\r\n")
		                        ? replies[0].reply
		                        : replies[1].reply);
	else if (!strcmp(path, "/big"))
		say_big(connection, "it is ok.............", "");
	else if (!strcmp(path, "/late"))
		say_big(connection, "", "..............it is ok");
	else if (!strcmp(path, "/endless") || !strcmp(path, "/drip"))
		say_for_ever(connection, path[1] == 'd');
	else if (!strcmp(path, "/heads"))
		say_on_and_on(connection, HEAD, "X-More: of the same that was said before, and of no use at all\r\n");
	else if (!strcmp(path, "/line"))
		say_on_and_on(connection, HEAD "X-Long: ", "and on it goes, and on and on and on and on and on");
	else if (!strcmp(path, "/chunk"))
		say_on_and_on(connection, HEAD "Transfer-Encoding: chunked\r\n\r\n9\r\nall is ok\r\n9;",
		        "and on it goes, and on and on and on and on and on");
	else if (!strcmp(path, "/silent"))
		hold(connection);
	else if (!strcmp(path, "/reset"))
		reset(connection);
}

static void serve(struct connection *connection)
{
	char request[4096] = "", path[64] = "";
	size_t length = 0;
	while (!strstr(request, "\r\n\r\n") && length < sizeof request - 1) {
		if (!(connection->ssl && SSL_pending(connection->ssl)) && !wait_readable(connection))
			return;
		ssize_t got = connection->ssl
		                      ? SSL_read(connection->ssl, request + length, (int)(sizeof request - 1 - length))
		                      : recv(connection->fd, request + length, sizeof request - 1 - length, 0);
		if (got <= 0)
			return;
		length += (size_t)got;
		request[length] = 0;
		if (strncmp(request, "GET ", length < 4 ? length : 4) != 0) {
			say(connection, "HTTP/1.1 400 What?\r\nContent-Length: 0\r\n\r\n");
			return;
		}
	}
	sscanf(request, "GET %63s", path);
	answer(connection, request, path);
}

static void *connection_run(void *argument)
{
	struct connection *connection = argument;
	struct server *server = connection->server;
	if (server->tls == SERVER_MUTE) {
		hold(connection);
	} else if (server->context) {
		connection->ssl = SSL_new(server->context);
		SSL_set_fd(connection->ssl, connection->fd);
		if (SSL_accept(connection->ssl) == 1)
			serve(connection);
		SSL_free(connection->ssl);
	} else {
		serve(connection);
	}
	close(connection->fd);
	return NULL;
}

static void *server_run(void *argument)
{
	struct server *server = argument;
	struct pollfd fds[2] = {{.fd = server->listener, .events = POLLIN}, {.fd = server->wake[0], .events = POLLIN}};
	while (poll(fds, 2, 20000) > 0 && !fds[1].revents) {
		int fd = accept(server->listener, NULL, NULL);
		unsigned index = server->count;
		if (fd < 0)
			continue;
		MUST(index < CONNECTIONS);
		struct connection *connection = &server->connections[index];
		connection->server = server;
		connection->fd = fd;
		server->count++; /* before anybody can be answered by it */
		MUST(pthread_create(&connection->thread, NULL, connection_run, connection) == 0);
	}
	for (unsigned i = 0; i < server->count; i++)
		pthread_join(server->connections[i].thread, NULL);
	return NULL;
}

/* ---- start and stop ---- */

static int bound(bool v6, uint16_t *port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *at = v6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	socklen_t size = v6 ? sizeof six : sizeof four;
	int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(fd >= 0 && bind(fd, at, size) == 0 && getsockname(fd, at, &size) == 0);
	*port = ntohs(v6 ? six.sin6_port : four.sin_port);
	return fd;
}

uint16_t refusing_port(int *fd)
{
	uint16_t port;
	*fd = bound(false, &port);
	return port;
}

struct server *server_start(enum server_tls tls, bool v6, const struct authority *authority)
{
	struct server *server = calloc(1, sizeof *server);
	MUST(server);
	server->tls = tls;
	server->listener = bound(v6, &server->port);
	MUST(listen(server->listener, 64) == 0 && pipe(server->wake) == 0);
	if (tls != SERVER_PLAIN && tls != SERVER_MUTE)
		server->context = context_new(tls, authority);
	MUST(pthread_create(&server->thread, NULL, server_run, server) == 0);
	return server;
}

uint16_t server_port(const struct server *server)
{
	return server->port;
}

unsigned server_connections(const struct server *server)
{
	return server->count;
}

void server_stop(struct server *server)
{
	close(server->wake[1]);
	pthread_join(server->thread, NULL);
	close(server->wake[0]);
	close(server->listener);
	SSL_CTX_free(server->context);
	free(server);
}
