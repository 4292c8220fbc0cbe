/*
 * http_reason.c: how curl's end of a transfer is said in a few words that an operator can act on.
 *
 * Called by probe_http.c. Text of curl's own is used where the table has none.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "probe/probe_http.h"

/* What is wrong with a certificate, by OpenSSL's number (X509_V_ERR_*). */
static const struct {
	long number;
	const char *text;
} certificates[] = {
        {9, "certificate is not valid yet"},
        {10, "certificate expired"},
        {18, "certificate is self-signed"},
        {19, "certificate of an unknown issuer"},
        {20, "certificate of an unknown issuer"},
        {21, "certificate of an unknown issuer"},
        {23, "certificate was revoked"},
        {62, "certificate is for another name"},
        {64, "certificate is for another address"},
};

static void certificate_reason(const struct http_slot *slot, char detail[PROBE_DETAIL])
{
	long number = 0;
	curl_easy_getinfo(slot->easy, CURLINFO_SSL_VERIFYRESULT, &number);
	for (size_t i = 0; i < sizeof certificates / sizeof certificates[0]; i++)
		if (certificates[i].number == number) {
			snprintf(detail, PROBE_DETAIL, "%s", certificates[i].text);
			return;
		}
	if (number <= 1) /* the chain is good, or was not what failed */
		snprintf(detail, PROBE_DETAIL, "certificate is for another name");
	else
		snprintf(detail, PROBE_DETAIL, "certificate: %s", slot->error);
}

static void connect_reason(const struct http_slot *slot, char detail[PROBE_DETAIL])
{
	long number = 0;
	curl_easy_getinfo(slot->easy, CURLINFO_OS_ERRNO, &number);
	snprintf(detail, PROBE_DETAIL, "connect: %s", number ? strerror((int)number) : slot->error);
}

/* In what phase the time ran out. */
static void timeout_reason(const struct http_slot *slot, char detail[PROBE_DETAIL])
{
	curl_off_t resolved = 0, secured = 0;
	long connected = 0; /* our port; curl tells the time of connecting only after TLS */
	char duration[32];
	const struct watch *watch = slot->watch;
	curl_easy_getinfo(slot->easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
	curl_easy_getinfo(slot->easy, CURLINFO_LOCAL_PORT, &connected);
	curl_easy_getinfo(slot->easy, CURLINFO_APPCONNECT_TIME_T, &secured);
	const char *phase = watch->what->host && !resolved                 ? "resolve: "
	                    : !connected                                   ? "connect: "
	                    : watch->spec->type == PROBE_HTTPS && !secured ? "TLS: "
	                    : slot->seen                                   ? "body: "
	                                                                   : "";
	snprintf(detail, PROBE_DETAIL, "%stimed out after %s", phase,
	        text_duration_format(watch->spec->timeout, duration));
}

/* Curl's own words, without its "Recv failure: " and the like. */
static void other_reason(const struct http_slot *slot, CURLcode code, const char *what, char detail[PROBE_DETAIL])
{
	static const char *const prefixes[] = {"Recv failure: ", "Send failure: ", "OpenSSL SSL_connect: ",
	        "OpenSSL SSL_read: ", "OpenSSL SSL_write: "};
	const char *text = *slot->error ? slot->error : curl_easy_strerror(code);
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (!strncmp(text, prefixes[i], strlen(prefixes[i])))
			text += strlen(prefixes[i]);
	snprintf(detail, PROBE_DETAIL, "%s%s", what, text);
}

enum outcome http_reason(const struct http_slot *slot, CURLcode code, char detail[PROBE_DETAIL])
{
	if (slot->no_socket) {
		snprintf(detail, PROBE_DETAIL, "socket: %s", strerror(slot->no_socket));
		return OUTCOME_UNABLE;
	}
	/* Curl's word for a line of more than 100 KiB, which it may read in one step, is that memory is wanting. */
	long connected = 0;
	curl_easy_getinfo(slot->easy, CURLINFO_LOCAL_PORT, &connected);
	if (slot->headless || (code == CURLE_OUT_OF_MEMORY && connected)) {
		snprintf(detail, PROBE_DETAIL, "reply: more than %zu KiB before its body", slot->limit / 1024);
		return OUTCOME_FAILED;
	}
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
		snprintf(detail, PROBE_DETAIL, "%s", curl_easy_strerror(code));
		return OUTCOME_UNABLE;
	case CURLE_OPERATION_TIMEDOUT:
		timeout_reason(slot, detail);
		return OUTCOME_TIMEOUT;
	case CURLE_COULDNT_CONNECT:
		connect_reason(slot, detail);
		break;
	case CURLE_COULDNT_RESOLVE_HOST:
		snprintf(detail, PROBE_DETAIL, "resolve: no address");
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		certificate_reason(slot, detail);
		break;
	case CURLE_SSL_CACERT_BADFILE:
		snprintf(detail, PROBE_DETAIL, "the file of CA certificates cannot be read");
		break;
	case CURLE_SSL_CONNECT_ERROR:
		other_reason(slot, code, "TLS: ", detail);
		break;
	case CURLE_GOT_NOTHING:
		snprintf(detail, PROBE_DETAIL, "reply: closed without a word");
		break;
	case CURLE_PARTIAL_FILE:
		snprintf(detail, PROBE_DETAIL, "reply: broken off");
		break;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		snprintf(detail, PROBE_DETAIL, "reply: not HTTP");
		break;
	default:
		other_reason(slot, code, "reply: ", detail);
	}
	return OUTCOME_FAILED;
}
