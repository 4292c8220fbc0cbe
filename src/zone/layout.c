/*
 * layout.c: which fields a type has, and how they look on the wire.
 *
 * ldns' table gives the fields; the rows here come first, for types that it
 * lacks, has wrong, or reads as one piece without completing the names in them.
 */
#include "wire/name.h"
#include "wire/rrset.h"
#include "zone/field.h"

enum { MANY = UINT16_MAX };

static const struct layout ours[] = {
        {23, 1, 1, 1, {LDNS_RDF_TYPE_DNAME}},  /* NSAP-PTR: RFC 1706 6 */
        {30, 1, 1, 1, {FIELD_NXT}},            /* NXT */
        {45, 1, 1, 1, {FIELD_IPSECKEY}},       /* IPSECKEY */
        {55, 1, 1, 1, {FIELD_HIP}},            /* HIP */
        {56, 1, MANY, 1, {LDNS_RDF_TYPE_STR}}, /* NINFO */
        {57, 4, 4, 4, {LDNS_RDF_TYPE_INT16, LDNS_RDF_TYPE_INT8, LDNS_RDF_TYPE_ALG, LDNS_RDF_TYPE_B64}}, /* RKEY */
        {TYPE_SVCB, 1, 1, 1, {FIELD_SVCB}}, {TYPE_HTTPS, 1, 1, 1, {FIELD_SVCB}},
        {258, 1, MANY, 1, {LDNS_RDF_TYPE_STR}}, /* AVC */
        {260, 1, 1, 1, {FIELD_AMTRELAY}},       /* AMTRELAY */
        {261, 1, MANY, 1, {LDNS_RDF_TYPE_STR}}, /* RESINFO: RFC 9606 */
        {262, 1, MANY, 1, {LDNS_RDF_TYPE_STR}}, /* WALLET */
        {263, 1, MANY, 1, {LDNS_RDF_TYPE_STR}}, /* CLA */
        {32768, 4, 4, 4, {LDNS_RDF_TYPE_INT16, LDNS_RDF_TYPE_ALG, LDNS_RDF_TYPE_INT8, LDNS_RDF_TYPE_HEX}}, /* TA */
};

/* Kinds whose data only ldns' own formats know: written as \# alone. */
static bool is_opaque(ldns_rdf_type kind)
{
	return kind == LDNS_RDF_TYPE_UNKNOWN || kind == LDNS_RDF_TYPE_INT16_DATA || kind == LDNS_RDF_TYPE_NONE ||
	       kind == LDNS_RDF_TYPE_TSIGTIME;
}

bool layout_get(struct layout *layout, uint16_t type)
{
	if (type != TYPE_A) /* the commonest by far */
		for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
			if (ours[i].type == type) {
				*layout = ours[i];
				return true;
			}
	const ldns_rr_descriptor *row = ldns_rr_descript(type);
	if (!row || row->_type != type)
		return false;
	size_t max = ldns_rr_descriptor_maximum(row);
	layout->type = type;
	layout->min = (uint16_t)ldns_rr_descriptor_minimum(row);
	layout->max = max < MANY ? (uint16_t)max : MANY;
	layout->listed = layout->max < LAYOUT_FIELDS ? layout->max : 1;
	if (layout->max != MANY && layout->max > LAYOUT_FIELDS)
		return false;
	for (unsigned i = 0; i < layout->listed; i++) {
		ldns_rdf_type kind = ldns_rr_descriptor_field_type(row, i);
		if (is_opaque(kind))
			return false;
		layout->kinds[i] = (uint16_t)kind;
	}
	return layout->max > 0;
}

static bool check_name(struct reader *r)
{
	size_t total = 1;
	for (uint8_t length; (length = read_u8(r)); total += length + 1u)
		if (length > 63 || !read_bytes(r, length))
			return false;
	return !r->bad && total <= NAME_BYTES;
}

static bool check_bitmap(struct reader *r)
{
	int last = -1;
	while (reader_left(r)) {
		int window = read_u8(r);
		uint8_t length = read_u8(r);
		const uint8_t *map = read_bytes(r, length);
		if (!map || window <= last || length == 0 || length > 32 || !map[length - 1])
			return false;
		last = window;
	}
	return true;
}

static bool check_apl(struct reader *r)
{
	uint16_t family = read_u16(r);
	uint8_t bits = read_u8(r), length = read_u8(r) & 0x7f;
	read_bytes(r, length);
	return !r->bad && (family == 1 ? bits <= 32 && length <= 4 : family != 2 || (bits <= 128 && length <= 16));
}

/* VERSION SIZE PRECISION (2) LATITUDE LONGITUDE ALTITUDE, the angles in thousandths of a second (RFC 1876 2). */
static bool check_loc(struct reader *r)
{
	const int64_t equator = INT64_C(1) << 31, degree = 3600000;
	uint8_t version = read_u8(r);
	read_bytes(r, 3);
	int64_t latitude = read_u32(r) - equator, longitude = read_u32(r) - equator;
	read_u32(r);
	return !r->bad && version == 0 && latitude >= -90 * degree && latitude <= 90 * degree &&
	       longitude >= -180 * degree && longitude <= 180 * degree;
}

/* All that is left is opaque. */
static bool check_rest(struct reader *r)
{
	return read_bytes(r, reader_left(r)) != NULL;
}

static bool check_gateway(struct reader *r, unsigned type)
{
	if (type == 3)
		return check_name(r);
	return type < 3 && read_bytes(r, type == 0 ? 0 : type == 1 ? 4 : 16);
}

static bool check_hip(struct reader *r)
{
	uint8_t tag = read_u8(r);
	read_u8(r);
	uint16_t key = read_u16(r);
	if (!read_bytes(r, tag) || !read_bytes(r, key))
		return false;
	while (reader_left(r))
		if (!check_name(r))
			return false;
	return true;
}

/* Kinds that are a structure of their own. */
static bool check_special(struct reader *r, uint16_t kind)
{
	uint8_t type;
	switch (kind) {
	case LDNS_RDF_TYPE_DNAME:
		return check_name(r);
	case LDNS_RDF_TYPE_NSEC:
		return check_bitmap(r);
	case LDNS_RDF_TYPE_APL:
		return check_apl(r);
	case LDNS_RDF_TYPE_LOC:
		return check_loc(r);
	case FIELD_NXT:
		return check_name(r) && reader_left(r) <= 16 && check_rest(r);
	case FIELD_IPSECKEY:
		read_u8(r);
		type = read_u8(r);
		read_u8(r);
		return check_gateway(r, type) && check_rest(r);
	case FIELD_AMTRELAY:
		read_u8(r);
		return check_gateway(r, read_u8(r) & 0x7f);
	case FIELD_HIP:
		return check_hip(r);
	case FIELD_SVCB:
		read_u16(r);
		if (!check_name(r) || !svcb_check(*r))
			return false;
		return check_rest(r);
	default: /* hex, base64, long strings, and what ldns alone reads */
		return check_rest(r);
	}
}

bool field_check(struct reader *r, uint16_t kind)
{
	enum { PREFIXED = 255 };
	static const struct {
		uint16_t kind;
		uint8_t size; /* PREFIXED: behind a byte that tells */
	} sizes[] = {
	        {LDNS_RDF_TYPE_INT8, 1},
	        {LDNS_RDF_TYPE_INT16, 2},
	        {LDNS_RDF_TYPE_INT32, 4},
	        {LDNS_RDF_TYPE_A, 4},
	        {LDNS_RDF_TYPE_AAAA, 16},
	        {LDNS_RDF_TYPE_PERIOD, 4},
	        {LDNS_RDF_TYPE_TIME, 4},
	        {LDNS_RDF_TYPE_TYPE, 2},
	        {LDNS_RDF_TYPE_ALG, 1},
	        {LDNS_RDF_TYPE_CERT_ALG, 2},
	        {LDNS_RDF_TYPE_CERTIFICATE_USAGE, 1},
	        {LDNS_RDF_TYPE_SELECTOR, 1},
	        {LDNS_RDF_TYPE_MATCHING_TYPE, 1},
	        {LDNS_RDF_TYPE_ILNP64, 8},
	        {LDNS_RDF_TYPE_EUI48, 6},
	        {LDNS_RDF_TYPE_EUI64, 8},
	        {LDNS_RDF_TYPE_STR, PREFIXED},
	        {LDNS_RDF_TYPE_TAG, PREFIXED},
	        {LDNS_RDF_TYPE_NSEC3_SALT, PREFIXED},
	        {LDNS_RDF_TYPE_B32_EXT, PREFIXED},
	        {LDNS_RDF_TYPE_NSEC3_NEXT_OWNER, PREFIXED},
	};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		if (sizes[i].kind == kind)
			return read_bytes(r, sizes[i].size == PREFIXED ? read_u8(r) : sizes[i].size);
	return check_special(r, kind);
}
