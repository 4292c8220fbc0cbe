/*
 * chaos.c: class CH, by which people ask a server who it is (RFC 4892).
 *
 * Called by answer.c. Off by default: what is not configured is REFUSED.
 */
#include <string.h>

#include "answer/exchange.h"

/* One row a name; what it tells is a text of the configuration. */
static const struct {
	const char name[16]; /* wire form, without the root's 0 that ends the string */
	bool version;        /* the version, else the server's id */
} chaos_names[] = {
        {"\7version\4bind", true},
        {"\7version\6server", true},
        {"\2id\6server", false},
        {"\10hostname\4bind", false},
};

unsigned respond_chaos(struct exchange *exchange)
{
	const struct query *query = &exchange->query;
	const struct conf *conf = exchange->snapshot->conf;
	if (query->qtype != TYPE_TXT && query->qtype != TYPE_ANY)
		return RCODE_REFUSED;
	for (unsigned i = 0; i < sizeof chaos_names / sizeof chaos_names[0]; i++) {
		size_t length = strlen(chaos_names[i].name) + 1;
		if (length != query->qname_length || memcmp(chaos_names[i].name, query->lower, length) != 0)
			continue;
		const char *text = chaos_names[i].version ? conf->version : conf->nsid;
		if (!text)
			return RCODE_REFUSED;
		uint8_t rdata[256];
		size_t size = strnlen(text, 255);
		rdata[0] = (uint8_t)size;
		memcpy(rdata + 1, text, size);
		exchange->reply.flags |= FLAG_AA;
		if (!reply_record(&exchange->reply, SECTION_ANSWER, (struct owner){query->qname, DNS_HEADER}, TYPE_TXT,
		            CLASS_CH, 0, rdata, size + 1))
			exchange->truncated = true;
		return RCODE_NOERROR;
	}
	return RCODE_REFUSED;
}
