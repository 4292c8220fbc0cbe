/*
 * server.h: a web server of the loopback that misbehaves as told, on threads of its own; and certificates for it.
 *
 * The path of a request says what it gets, see server.c. Everything ends with server_stop.
 */
#ifndef MERIDIAN_TESTS_PROBE_SERVER_H
#define MERIDIAN_TESTS_PROBE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

struct server;

enum server_tls {
	SERVER_PLAIN,
	SERVER_GOOD,
	SERVER_EXPIRED,
	SERVER_OTHER_NAME,
	SERVER_MUTE /* accepts, says nothing */
};

/* On 127.0.0.1, or ::1. Certificates are for www.example.com (or other.example.com), by the CA of `authority`. */
struct authority;
struct server *server_start(enum server_tls tls, bool v6, const struct authority *authority);
uint16_t server_port(const struct server *server);
/* Connections that it took so far. */
unsigned server_connections(const struct server *server);
void server_stop(struct server *server);

/* A CA of the test's own, its certificate in a file. */
struct authority *authority_new(void);
const char *authority_file(const struct authority *authority);
void authority_free(struct authority *authority);

/* A port of 127.0.0.1 where nobody listens, as long as *fd is open. */
uint16_t refusing_port(int *fd);

#endif
