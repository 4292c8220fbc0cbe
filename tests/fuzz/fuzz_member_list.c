/*
 * fuzz_member_list.c: any bytes as the reply of a registry: lines that do as a file of members, or why not.
 *
 * The first byte chooses where in the reply things are looked for. A finding is an abort.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "probe/member_list.h"
#include "snap/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	const struct member_list_form form = {.list = data[0] & 1 ? "data.members" : NULL,
	        .address = data[0] & 2 ? "Service.Address" : NULL,
	        .weight = data[0] & 4 ? "Service.Weights.Passing" : NULL};
	char why[MEMBER_LIST_WHY];
	uint32_t count = 0;
	char *text = member_list_text((const char *)data + 1, size - 1, &form, &count, why);
	MUST(memchr(why, 0, sizeof why) && !text == (*why != 0));
	if (!text)
		return 0;
	/* what the list may not say (a multicast address, weights of 0 alone) the reader finds */
	struct err *err = err_new();
	int members = members_check(text, strlen(text), err);
	MUST(members < 0 ? err_count(err, ERR_ERROR) : (uint32_t)members == count);
	err_free(err);
	free(text);
	return 0;
}
