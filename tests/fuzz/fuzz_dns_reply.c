/*
 * fuzz_dns_reply.c: any bytes as the reply to a probe's question: a judgement, with words where there is one, and no
 * end without it.
 *
 * The first byte chooses what is asked; the reply's id is set to the question's where the second is odd, so that more
 * of it is read. A finding is an abort.
 */
#include <string.h>

#include "base/assert.h"
#include "probe/dns_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const expect[] = {"192.0.2.1", "all is well", "a.example.", NULL};
	static const uint16_t types[] = {TYPE_A, TYPE_TXT, TYPE_CNAME, TYPE_MX, TYPE_SOA, TYPE_AAAA, TYPE_NS, 65};
	if (size < 2)
		return 0;
	struct probe_question asked = {.name = (const uint8_t *)"\3www\7example",
	        .type = types[data[0] & 7],
	        .authoritative = data[0] & 8,
	        .rcode = data[0] & 16 ? 3 : 0,
	        .expect = data[0] & 32 ? expect : NULL};
	uint8_t bytes[4096], question[DNS_QUESTION_MAX];
	char detail[PROBE_DETAIL];
	size_t asked_size = dns_question(&asked, 0x1234, question), count = size - 2 < 4000 ? size - 2 : 4000, used = 0;
	if (data[1] & 2) { /* a good beginning */
		memcpy(bytes, question, asked_size);
		bytes[2] |= 0x80;
		bytes[7] = data[1] >> 4;
		used = asked_size;
	}
	count = count < sizeof bytes - used ? count : sizeof bytes - used;
	memcpy(bytes + used, data + 2, count);
	if (data[1] & 1 && used + count >= 2)
		memcpy(bytes, question, 2);
	memset(detail, 'x', sizeof detail);
	*detail = 0;
	enum dns_judgement judgement = dns_judge(&asked, 0x1234, bytes, used + count, detail);
	bool judged = judgement == DNS_GOOD || judgement == DNS_BAD;
	MUST(judgement <= DNS_BAD && judged == (*detail != 0) && memchr(detail, 0, sizeof detail));
	return 0;
}
