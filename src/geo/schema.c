/*
 * schema.c: records of the MaxMind DB format, and what their fields mean.
 *
 * Format: MaxMind DB 2.0, "Output Data Section". Values that mean nothing to us are stepped over without following
 * their pointers, so that no chain of pointers costs more than its own bytes.
 */
#include "geo/schema.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "geo/country.h"

#define STEPS_MAX 4096 /* values in one record; GeoIP2 Enterprise has under 300 */
#define RADIUS_MAX 500 /* km: less exact than that is a guess at the country */

/* Where a key stands. No place leads back, so that reading is never deeper than three maps. */
enum inside { IN_NOTHING, IN_RECORD, IN_COUNTRY, IN_REGISTERED, IN_CONTINENT, IN_SUBDIVISION, IN_LOCATION, IN_TRAITS };

/* What it says. */
enum item { NOTHING, COUNTRY, REGISTERED, CONTINENT, SUBDIVISION, LATITUDE, LONGITUDE, BOTH, RADIUS, ASN, ITEMS };

/* A key in a place: what a plain value of it says, and what place a map (or the first of an array of maps) is. */
static const struct field {
	enum inside place;
	const char *key;
	enum item item;
	enum inside leads;
} fields[] = {
        {IN_RECORD, "country_code", COUNTRY, IN_NOTHING},
        {IN_RECORD, "latitude", LATITUDE, IN_NOTHING},
        {IN_RECORD, "longitude", LONGITUDE, IN_NOTHING},
        {IN_RECORD, "state1", SUBDIVISION, IN_NOTHING},
        {IN_RECORD, "country", COUNTRY, IN_COUNTRY},
        {IN_RECORD, "registered_country", REGISTERED, IN_REGISTERED},
        {IN_RECORD, "continent", CONTINENT, IN_CONTINENT},
        {IN_RECORD, "subdivisions", NOTHING, IN_SUBDIVISION},
        {IN_RECORD, "location", NOTHING, IN_LOCATION},
        {IN_RECORD, "traits", NOTHING, IN_TRAITS},
        {IN_RECORD, "autonomous_system_number", ASN, IN_NOTHING},
        {IN_RECORD, "asn", ASN, IN_NOTHING},
        {IN_RECORD, "as_number", ASN, IN_NOTHING},
        {IN_RECORD, "lat", LATITUDE, IN_NOTHING},
        {IN_RECORD, "lon", LONGITUDE, IN_NOTHING},
        {IN_RECORD, "lng", LONGITUDE, IN_NOTHING},
        {IN_RECORD, "loc", BOTH, IN_NOTHING},
        {IN_RECORD, "accuracy_radius", RADIUS, IN_NOTHING},
        {IN_RECORD, "continent_code", CONTINENT, IN_NOTHING},
        {IN_RECORD, "region", SUBDIVISION, IN_NOTHING},
        {IN_RECORD, "region_code", SUBDIVISION, IN_NOTHING},
        {IN_RECORD, "state_code", SUBDIVISION, IN_NOTHING},
        {IN_RECORD, "subdivision_code", SUBDIVISION, IN_NOTHING},
        {IN_COUNTRY, "iso_code", COUNTRY, IN_NOTHING},
        {IN_REGISTERED, "iso_code", REGISTERED, IN_NOTHING},
        {IN_CONTINENT, "code", CONTINENT, IN_NOTHING},
        {IN_SUBDIVISION, "iso_code", SUBDIVISION, IN_NOTHING},
        {IN_LOCATION, "latitude", LATITUDE, IN_NOTHING},
        {IN_LOCATION, "longitude", LONGITUDE, IN_NOTHING},
        {IN_LOCATION, "accuracy_radius", RADIUS, IN_NOTHING},
        {IN_TRAITS, "autonomous_system_number", ASN, IN_NOTHING},
};

enum type {
	TYPE_POINTER = 1,
	TYPE_TEXT,
	TYPE_DOUBLE,
	TYPE_BYTES,
	TYPE_UINT16,
	TYPE_UINT32,
	TYPE_MAP,
	TYPE_INT32,
	TYPE_UINT64,
	TYPE_UINT128,
	TYPE_ARRAY,
	TYPE_BOOL = 14,
	TYPE_FLOAT
};

struct head {
	enum type type;
	uint32_t size;    /* bytes; of a map: pairs; of an array: values */
	uint32_t pointer; /* where a pointer leads */
};

/* A plain value, as it is found. */
struct scalar {
	enum type type; /* 0: none yet */
	const uint8_t *bytes;
	uint32_t size;
};

struct decoder {
	struct schema *schema;
	struct reader data;
	unsigned steps;
	bool bad;
	struct scalar items[ITEMS];
};

static inline uint32_t read_uint(struct reader *r, unsigned size)
{
	uint32_t high = size & 1 ? read_u8(r) : 0;
	return size < 2 ? high : size < 4 ? high << 16 | read_u16(r) : read_u32(r);
}

static inline void read_pointer(struct reader *r, uint8_t control, struct head *head)
{
	static const uint32_t base[4] = {0, 2048, 526336, 0};
	unsigned more = control >> 3 & 3;
	uint64_t high = more == 3 ? 0 : control & 7;
	head->pointer = base[more] + ((uint32_t)(high << (8 * (more + 1))) | read_uint(r, more + 1));
}

/* False if it is cut off or of no known type. */
static inline bool read_head(struct decoder *decoder, struct reader *r, struct head *head)
{
	static const uint32_t base[4] = {0, 29, 285, 65821};
	uint8_t control = read_u8(r);
	*head = (struct head){.type = control >> 5, .size = control & 31};
	if (head->type == 0)
		head->type = 7u + read_u8(r);
	if (head->type == TYPE_POINTER)
		read_pointer(r, control, head);
	else if (head->size > 28)
		head->size = base[head->size - 28] + read_uint(r, head->size - 28);
	if (r->bad || ++decoder->steps > STEPS_MAX || head->type > TYPE_FLOAT || head->type == 12 || head->type == 13 ||
	        (head->type == TYPE_POINTER && head->pointer >= reader_left(&decoder->data)))
		decoder->bad = true;
	return !decoder->bad;
}

/* The bytes of a plain value, whose size must suit its type. */
static const uint8_t *read_plain(struct decoder *decoder, struct reader *r, const struct head *head)
{
	static const uint8_t largest[] = {[TYPE_UINT16] = 2,
	        [TYPE_UINT32] = 4,
	        [TYPE_INT32] = 4,
	        [TYPE_UINT64] = 8,
	        [TYPE_UINT128] = 16,
	        [TYPE_BOOL] = 1,
	        [TYPE_DOUBLE] = 8,
	        [TYPE_FLOAT] = 4};
	bool exact = head->type == TYPE_DOUBLE || head->type == TYPE_FLOAT;
	if (head->type == TYPE_BOOL && head->size <= 1)
		return r->at;
	const uint8_t *bytes = read_bytes(r, head->size);
	if (!bytes || (head->type != TYPE_TEXT && head->type != TYPE_BYTES && head->size > largest[head->type]) ||
	        (exact && head->size != largest[head->type]))
		decoder->bad = true;
	return bytes;
}

/* Over a pointer, which most values that mean nothing to us are; false if it is none. */
static inline bool skip_pointer(struct decoder *decoder, struct reader *r)
{
	if (r->bad || !reader_left(r) || *r->at >> 5 != TYPE_POINTER)
		return false;
	decoder->bad |= !read_bytes(r, 2u + (*r->at >> 3 & 3)) || ++decoder->steps > STEPS_MAX;
	return true;
}

/* Over a value, whatever it is. */
static void skip_value(struct decoder *decoder, struct reader *r)
{
	for (uint64_t left = 1; left && !decoder->bad; left--) {
		struct head head;
		if (!read_head(decoder, r, &head))
			return;
		if (head.type == TYPE_MAP)
			left += 2 * (uint64_t)head.size;
		else if (head.type == TYPE_ARRAY)
			left += head.size;
		else if (head.type != TYPE_POINTER)
			read_plain(decoder, r, &head);
	}
}

/* The head of a value; a pointer is followed (once: the format has no pointers to pointers), with *aside as the reader.
 */
static struct reader *follow(struct decoder *decoder, struct reader *r, struct reader *aside, struct head *head)
{
	if (!read_head(decoder, r, head) || head->type != TYPE_POINTER)
		return r;
	*aside = decoder->data;
	read_bytes(aside, head->pointer);
	if (read_head(decoder, aside, head) && head->type == TYPE_POINTER)
		decoder->bad = true;
	return aside;
}

static const struct field *field_find(enum inside place, const uint8_t *key, uint32_t size)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (fields[i].place == place && strlen(fields[i].key) == size && !memcmp(fields[i].key, key, size))
			return &fields[i];
	return NULL;
}

/* A key that stands in a map: its field, or NULL. */
static const struct field *read_key(struct decoder *decoder, struct reader *r, enum inside place)
{
	struct head head;
	struct reader aside, *at = r;
	struct schema_key *known = NULL;
	if (!read_head(decoder, r, &head))
		return NULL;
	if (head.type == TYPE_POINTER) {
		known = &decoder->schema->keys[head.pointer % (sizeof decoder->schema->keys / sizeof *known)];
		uint32_t pointer = head.pointer + 1;
		if (known->pointer == pointer && known->place == place)
			return known->field;
		*known = (struct schema_key){.pointer = pointer, .place = (uint8_t)place};
		aside = decoder->data;
		at = &aside;
		read_bytes(at, head.pointer);
		read_head(decoder, at, &head);
	}
	const uint8_t *key = !decoder->bad && head.type == TYPE_TEXT ? read_plain(decoder, at, &head) : NULL;
	const struct field *field = key ? field_find(place, key, head.size) : NULL;
	if (!key)
		decoder->bad = true;
	if (known)
		known->field = field;
	return field;
}

/* Whether a value can be what its key says: where there are both, a code is wanted, not a name. */
static bool fits(enum item item, const struct scalar *scalar)
{
	if (item == COUNTRY || item == REGISTERED || item == CONTINENT)
		return scalar->type == TYPE_TEXT && scalar->size == 2;
	if (item == SUBDIVISION)
		return scalar->type == TYPE_TEXT && scalar->size >= 1 && scalar->size <= 6;
	return scalar->type != TYPE_TEXT || scalar->size > 0;
}

static void read_map(struct decoder *decoder, struct reader *r, uint32_t pairs, enum inside place);

static void read_field(struct decoder *decoder, struct reader *r, const struct field *field)
{
	struct head head;
	struct reader aside;
	struct reader *at = follow(decoder, r, &aside, &head);
	uint32_t rest = 0;
	if (decoder->bad)
		return;
	if (head.type == TYPE_ARRAY && field->leads) { /* of an array only the first */
		if (!head.size)
			return;
		rest = head.size - 1;
		struct reader inner;
		struct reader *first = follow(decoder, at, &inner, &head);
		if (decoder->bad)
			return;
		if (head.type == TYPE_MAP)
			read_map(decoder, first, head.size, field->leads);
		else
			decoder->bad = true;
		for (; rest && at == r && !decoder->bad; rest--)
			skip_value(decoder, at);
		return;
	}
	if (head.type == TYPE_MAP && field->leads) {
		read_map(decoder, at, head.size, field->leads);
		return;
	}
	if (head.type == TYPE_MAP || head.type == TYPE_ARRAY) {
		for (uint64_t left = head.size * (head.type == TYPE_MAP ? UINT64_C(2) : 1); left && !decoder->bad;
		        left--)
			skip_value(decoder, at);
		return;
	}
	struct scalar scalar = {.type = head.type, .size = head.size};
	scalar.bytes = read_plain(decoder, at, &head);
	if (!decoder->items[field->item].type && fits(field->item, &scalar))
		decoder->items[field->item] = scalar;
}

static void read_map(struct decoder *decoder, struct reader *r, uint32_t pairs, enum inside place)
{
	for (; pairs && !decoder->bad; pairs--) {
		const struct field *field = read_key(decoder, r, place);
		if (field)
			read_field(decoder, r, field);
		else if (!skip_pointer(decoder, r))
			skip_value(decoder, r);
	}
}

/* A number of any type, or in text; NAN if there is none. */
static double number_of(const struct scalar *scalar)
{
	if (!scalar->bytes)
		return NAN;
	struct reader r = reader_of(scalar->bytes, scalar->size);
	char text[32], *end;
	uint64_t value = 0;
	switch (scalar->type) {
	case TYPE_DOUBLE:
	case TYPE_FLOAT:
	case TYPE_UINT16:
	case TYPE_UINT32:
	case TYPE_UINT64:
	case TYPE_INT32:
		while (reader_left(&r))
			value = value << 8 | read_u8(&r);
		break;
	case TYPE_TEXT:
		if (!scalar->size || scalar->size >= sizeof text)
			return NAN;
		memcpy(text, scalar->bytes, scalar->size);
		text[scalar->size] = 0;
		double number = strtod(text, &end);
		return *end || end == text ? NAN : number;
	default:
		return NAN;
	}
	double exact;
	float single;
	uint32_t half = (uint32_t)value;
	memcpy(&exact, &value, sizeof exact);
	memcpy(&single, &half, sizeof single);
	return scalar->type == TYPE_DOUBLE  ? exact
	       : scalar->type == TYPE_FLOAT ? (double)single
	       : scalar->type == TYPE_INT32 ? (double)(int32_t)half
	                                    : (double)value;
}

/* "51.5,-0.12": its first or second number. */
static double half_of(const struct scalar *both, bool second)
{
	const uint8_t *comma = both->type == TYPE_TEXT ? memchr(both->bytes, ',', both->size) : NULL;
	if (!comma)
		return NAN;
	uint32_t before = (uint32_t)(comma - both->bytes);
	struct scalar half = second ? (struct scalar){TYPE_TEXT, comma + 1, both->size - before - 1}
	                            : (struct scalar){TYPE_TEXT, both->bytes, before};
	return number_of(&half);
}

/* Two letters, made capitals; false if it is anything else. */
static bool code_of(char code[2], const struct scalar *scalar)
{
	char letters[2];
	if (scalar->type != TYPE_TEXT || scalar->size != 2)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		letters[i] = (char)(scalar->bytes[i] & ~0x20);
		if (letters[i] < 'A' || letters[i] > 'Z' || scalar->bytes[i] >= 0x80)
			return false;
	}
	memcpy(code, letters, sizeof letters);
	return true;
}

/* Codes in the place of a country that are none: a continent, or (with an empty one) unknown. What has a digit is
 * refused by its form already. */
static const struct {
	char code[3], continent[3];
} not_countries[] = {{"EU", "EU"}, {"AP", "AS"}, {"ZZ", ""}, {"XX", ""}};

static void take_country(struct fact *fact, const struct scalar *scalar)
{
	char code[2];
	if (fact->country[0] || !code_of(code, scalar))
		return;
	for (size_t i = 0; i < sizeof not_countries / sizeof *not_countries; i++) {
		if (memcmp(code, not_countries[i].code, 2) != 0)
			continue;
		if (!fact->continent[0])
			memcpy(fact->continent, not_countries[i].continent, 2);
		return;
	}
	memcpy(fact->country, code, 2);
}

/* "HI" or "US-HI": one to three capitals or digits. Anything else is the name of a region, not its code. */
static void take_subdivision(struct fact *fact, const struct scalar *scalar)
{
	const uint8_t *part = scalar->bytes;
	uint32_t size = scalar->size;
	if (scalar->type != TYPE_TEXT || !fact->country[0])
		return;
	if (size > 3 && part[2] == '-' && memcmp(part, fact->country, 2) == 0) {
		part += 3;
		size -= 3;
	}
	if (size < 1 || size > 3)
		return;
	for (uint32_t i = 0; i < size; i++)
		if (!(part[i] >= 'A' && part[i] <= 'Z') && !(part[i] >= '0' && part[i] <= '9'))
			return;
	memcpy(fact->subdivision, fact->country, 2);
	memcpy(fact->subdivision + 2, part, size);
}

/* A number, or text like "AS64500". */
static void take_asn(struct fact *fact, const struct scalar *scalar)
{
	struct scalar number = *scalar;
	if (number.type == TYPE_TEXT && number.size > 2 && (number.bytes[0] | 0x20) == 'a' &&
	        (number.bytes[1] | 0x20) == 's') {
		number.bytes += 2;
		number.size -= 2;
	}
	double asn = number_of(&number);
	if (asn >= 1 && asn <= UINT32_MAX && asn == floor(asn))
		fact->asn = (uint32_t)asn;
}

static void take_location(struct fact *fact, const struct scalar *items)
{
	bool both = items[BOTH].type && !(items[LATITUDE].type && items[LONGITUDE].type);
	double latitude = both ? half_of(&items[BOTH], false) : number_of(&items[LATITUDE]);
	double longitude = both ? half_of(&items[BOTH], true) : number_of(&items[LONGITUDE]);
	int32_t north, east;
	if (number_of(&items[RADIUS]) > RADIUS_MAX || !degrees_take(&north, latitude, 90) ||
	        !degrees_take(&east, longitude, 180))
		return;
	fact->latitude = north;
	fact->longitude = east;
}

bool schema_read(struct schema *schema, size_t offset, struct fact *fact)
{
	struct decoder decoder = {.schema = schema, .data = reader_of(schema->data, schema->size)};
	struct reader r = decoder.data, aside;
	struct head head;
	*fact = FACT_EMPTY;
	read_bytes(&r, offset);
	struct reader *at = follow(&decoder, &r, &aside, &head);
	if (decoder.bad || head.type != TYPE_MAP)
		return false;
	read_map(&decoder, at, head.size, IN_RECORD);
	if (decoder.bad)
		return false;
	if (!code_of(fact->continent, &decoder.items[CONTINENT]))
		memset(fact->continent, 0, sizeof fact->continent);
	take_country(fact, &decoder.items[COUNTRY]);
	take_country(fact, &decoder.items[REGISTERED]);
	take_subdivision(fact, &decoder.items[SUBDIVISION]);
	take_location(fact, decoder.items);
	take_asn(fact, &decoder.items[ASN]);
	return true;
}
