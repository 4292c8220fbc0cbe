/*
 * rrtype.c: the table of record types (IANA, "Resource Record (RR) TYPEs"), and of response codes.
 *
 * Two arrays with the number as the index: 0..264, and the two of 32768 and on. A
 * row without a name is a number that nobody was given.
 */
#include <stdio.h>
#include <strings.h>

#include "base/text.h"
#include "wire/query.h"
#include "wire/rrset.h"

/* What most are: RDATA is bytes. */
#define PLAIN(number, text) [number] = {.type = number, .name = text}
/* RFC 1035's: `count` names behind `before` bytes, which may be compressed (RFC 3597 4). */
#define NAMES(number, text, before, count) [number] = {.type = number, .name = text, .skip = before, .names = count}
/* The same, and the additional section follows the one name. */
#define LEADS(number, text, before)                                                                                    \
	[number] = {.type = number, .name = text, .skip = before, .names = 1, .target_skip = before, .has_target = true}
/* The additional section follows a name that is never compressed. */
#define TARGET(number, text, before)                                                                                   \
	[number] = {.type = number, .name = text, .target_skip = before, .has_target = true}
#define META(number, text) [number] = {.type = number, .name = text, .meta = true}

static const struct rrtype low[] = {
        META(0, NULL), /* reserved: a mark in SIG(0) and elsewhere, never a record (RFC 6895 3.1) */
        PLAIN(TYPE_A, "A"),
        LEADS(TYPE_NS, "NS", 0),
        NAMES(3, "MD", 0, 1),
        NAMES(4, "MF", 0, 1),
        NAMES(TYPE_CNAME, "CNAME", 0, 1),
        NAMES(TYPE_SOA, "SOA", 0, 2),
        LEADS(7, "MB", 0),
        NAMES(8, "MG", 0, 1),
        NAMES(9, "MR", 0, 1),
        PLAIN(10, "NULL"),
        PLAIN(11, "WKS"),
        NAMES(TYPE_PTR, "PTR", 0, 1),
        PLAIN(13, "HINFO"),
        NAMES(14, "MINFO", 0, 2),
        LEADS(TYPE_MX, "MX", 2),
        PLAIN(TYPE_TXT, "TXT"),
        PLAIN(17, "RP"),
        TARGET(18, "AFSDB", 2), /* RFC 1183 1 */
        PLAIN(19, "X25"),
        PLAIN(20, "ISDN"),
        TARGET(21, "RT", 2), /* RFC 1183 3.3 */
        PLAIN(22, "NSAP"),
        PLAIN(23, "NSAP-PTR"),
        PLAIN(TYPE_SIG, "SIG"),
        PLAIN(TYPE_KEY, "KEY"),
        PLAIN(26, "PX"),
        PLAIN(27, "GPOS"),
        PLAIN(TYPE_AAAA, "AAAA"),
        PLAIN(29, "LOC"),
        PLAIN(TYPE_NXT, "NXT"),
        PLAIN(31, "EID"),
        PLAIN(32, "NIMLOC"),
        TARGET(TYPE_SRV, "SRV", 6), /* RFC 2782: never compressed */
        PLAIN(34, "ATMA"),
        PLAIN(TYPE_NAPTR, "NAPTR"),
        TARGET(36, "KX", 2), /* RFC 2230 3 */
        PLAIN(37, "CERT"),
        PLAIN(38, "A6"),
        PLAIN(TYPE_DNAME, "DNAME"),
        PLAIN(40, "SINK"),
        META(TYPE_OPT, "OPT"),
        PLAIN(42, "APL"),
        PLAIN(TYPE_DS, "DS"),
        PLAIN(44, "SSHFP"),
        PLAIN(45, "IPSECKEY"),
        PLAIN(TYPE_RRSIG, "RRSIG"),
        PLAIN(TYPE_NSEC, "NSEC"),
        PLAIN(TYPE_DNSKEY, "DNSKEY"),
        PLAIN(49, "DHCID"),
        PLAIN(TYPE_NSEC3, "NSEC3"),
        PLAIN(TYPE_NSEC3PARAM, "NSEC3PARAM"),
        PLAIN(52, "TLSA"),
        PLAIN(53, "SMIMEA"),
        PLAIN(55, "HIP"),
        PLAIN(56, "NINFO"),
        PLAIN(57, "RKEY"),
        PLAIN(58, "TALINK"),
        PLAIN(59, "CDS"),
        PLAIN(60, "CDNSKEY"),
        PLAIN(61, "OPENPGPKEY"),
        PLAIN(62, "CSYNC"),
        PLAIN(63, "ZONEMD"),
        TARGET(TYPE_SVCB, "SVCB", 2), /* RFC 9460 4.1 */
        TARGET(TYPE_HTTPS, "HTTPS", 2),
        PLAIN(66, "DSYNC"),
        PLAIN(67, "HHIT"),
        PLAIN(68, "BRID"),
        PLAIN(99, "SPF"),
        PLAIN(100, "UINFO"),
        PLAIN(101, "UID"),
        PLAIN(102, "GID"),
        PLAIN(103, "UNSPEC"),
        PLAIN(104, "NID"),
        PLAIN(105, "L32"),
        PLAIN(106, "L64"),
        PLAIN(107, "LP"),
        PLAIN(108, "EUI48"),
        PLAIN(109, "EUI64"),
        META(TYPE_NXNAME, "NXNAME"),
        META(TYPE_TKEY, "TKEY"),
        META(TYPE_TSIG, "TSIG"),
        META(TYPE_IXFR, "IXFR"),
        META(TYPE_AXFR, "AXFR"),
        META(TYPE_MAILB, "MAILB"),
        META(TYPE_MAILA, "MAILA"),
        META(TYPE_ANY, "ANY"),
        PLAIN(256, "URI"),
        PLAIN(257, "CAA"),
        PLAIN(258, "AVC"),
        PLAIN(259, "DOA"),
        PLAIN(260, "AMTRELAY"),
        PLAIN(261, "RESINFO"),
        PLAIN(262, "WALLET"),
        PLAIN(263, "CLA"),
        PLAIN(264, "IPN"),
};

#define HIGH_FIRST 32768
static const struct rrtype high[] = {
        {.type = 32768, .name = "TA"},
        {.type = 32769, .name = "DLV"},
};

static const struct rrtype unknown, unknown_meta = {.meta = true};

#define COUNT(array) (sizeof(array) / sizeof *(array))

const struct rrtype *rrtype_get(uint16_t type)
{
	if (type < COUNT(low) && (low[type].name || low[type].meta))
		return &low[type];
	if (type >= HIGH_FIRST && type - HIGH_FIRST < (int)COUNT(high))
		return &high[type - HIGH_FIRST];
	return type >= 128 && type <= 255 ? &unknown_meta : &unknown;
}

static bool find_name(uint16_t *type, const char *text, const struct rrtype *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].name && strcasecmp(rows[i].name, text) == 0) {
			*type = rows[i].type;
			return true;
		}
	return false;
}

bool rrtype_parse(uint16_t *type, const char *text)
{
	int64_t number;
	if (find_name(type, text, low, COUNT(low)) || find_name(type, text, high, COUNT(high)))
		return true;
	if (strncasecmp(text, "TYPE", 4) != 0 || text[4] < '0' || text[4] > '9' ||
	        !text_number(&number, text + 4, 0, UINT16_MAX))
		return false;
	*type = (uint16_t)number;
	return true;
}

const char *rrtype_format(uint16_t type, char text[16])
{
	const char *name = rrtype_get(type)->name;
	if (name)
		snprintf(text, 16, "%s", name);
	else
		snprintf(text, 16, "TYPE%u", (unsigned)type);
	return text;
}

static const char *const rcodes[] = {
        [RCODE_NOERROR] = "NOERROR",
        [RCODE_FORMERR] = "FORMERR",
        [RCODE_SERVFAIL] = "SERVFAIL",
        [RCODE_NXDOMAIN] = "NXDOMAIN",
        [RCODE_NOTIMP] = "NOTIMP",
        [RCODE_REFUSED] = "REFUSED",
        [RCODE_YXDOMAIN] = "YXDOMAIN",
        [7] = "YXRRSET",
        [8] = "NXRRSET",
        [RCODE_NOTAUTH] = "NOTAUTH",
        [10] = "NOTZONE",
        [11] = "DSOTYPENI",
        [RCODE_BADVERS] = "BADVERS", /* BADSIG in a TSIG */
        [17] = "BADKEY",
        [18] = "BADTIME",
        [19] = "BADMODE",
        [20] = "BADNAME",
        [21] = "BADALG",
        [22] = "BADTRUNC",
        [RCODE_BADCOOKIE] = "BADCOOKIE",
};

const char *rcode_format(unsigned rcode, char text[16])
{
	if (rcode < COUNT(rcodes) && rcodes[rcode])
		snprintf(text, 16, "%s", rcodes[rcode]);
	else
		snprintf(text, 16, "RCODE%u", rcode);
	return text;
}
