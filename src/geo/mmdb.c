/*
 * mmdb.c: the private copy of a MaxMind DB file, and walks over its tree.
 *
 * A hostile tree is a graph in which one node has many parents: without a bound on visits a file of a kilobyte could
 * keep us busy for ever. Format: MaxMind DB 2.0, "Binary Search Tree Section".
 */
#include "geo/mmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/hash.h"
#include "geo/block.h"
#include "geo/numbering.h"

#define SEPARATOR 16 /* zero bytes between tree and data */
#define VISITS_PER_NODE 4
#define LANES 4

/* Four hashes of every fourth word, so that a gigabyte takes a tenth of a second: it tells versions, not forgers.
 * `size` is a multiple of 32 but for the last part. */
struct digest {
	uint64_t lane[LANES];
};

static void digest_add(struct digest *digest, const uint8_t *bytes, size_t size)
{
	uint64_t word[LANES] = {0}, lane[LANES];
	memcpy(lane, digest->lane, sizeof lane);
	for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word) {
		memcpy(word, bytes, sizeof word);
		for (unsigned i = 0; i < LANES; i++)
			lane[i] = hash_mix(lane[i], word[i]);
	}
	if (size) {
		memset(word, 0, sizeof word);
		memcpy(word, bytes, size);
		for (unsigned i = 0; i < LANES; i++)
			lane[i] = hash_mix(lane[i], word[i]);
	}
	memcpy(digest->lane, lane, sizeof lane);
}

static void digest_end(struct digest *digest, uint64_t size, uint8_t to[32])
{
	for (unsigned round = 0; round < 3 * LANES; round++)
		digest->lane[round % LANES] = hash_mix(
		        digest->lane[round % LANES] ^ size, digest->lane[(round + 1) % LANES]);
	memcpy(to, digest->lane, sizeof digest->lane);
}

static const char *write_part(int copy, const uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(copy, bytes, size);
		if (n < 0 && errno != EINTR)
			return strerror(errno);
		bytes += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return NULL;
}

/* All of the file into the copy (-1: nowhere); the file may change meanwhile. Reading and writing in parts that stay in
 * the cache is cheaper than a mapping, which costs a fault a page. */
static const char *fill_copy(int copy, int file, size_t size, uint8_t to[32])
{
	uint8_t part[1 << 16];
	struct digest digest = {{1, 2, 3, 4}};
	for (size_t done = 0, got; done < size; done += got) {
		size_t wanted = size - done < sizeof part ? size - done : sizeof part;
		for (got = 0; got < wanted;) {
			ssize_t n = pread(file, part + got, wanted - got, (off_t)(done + got));
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return strerror(errno);
			if (n == 0)
				return "was cut off while it was read";
			got += (size_t)n;
		}
		digest_add(&digest, part, got);
		const char *why = copy < 0 ? NULL : write_part(copy, part, got);
		if (why)
			return why;
	}
	digest_end(&digest, size, to);
	return NULL;
}

/* A sealed memfd with the bytes of the file, or -1 and *why. */
static int copy_file(int file, size_t size, uint8_t digest[32], const char **why)
{
	int copy = memfd_create("database", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (copy < 0) {
		*why = strerror(errno);
		return -1;
	}
	*why = fill_copy(copy, file, size, digest);
	if (!*why && fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		*why = strerror(errno);
	if (!*why)
		return copy;
	close(copy);
	return -1;
}

int mmdb_digest(int file, size_t size, uint8_t digest[32], const char **why)
{
	*why = fill_copy(-1, file, size, digest);
	return *why ? -1 : 0;
}

/* Both records of a node. Eight bytes can be read of the last one, too: the separator follows. */
static inline void node_get(const struct mmdb *mmdb, uint32_t node, uint32_t child[2])
{
	uint64_t word;
	memcpy(&word, mmdb->tree + (size_t)node * (mmdb->record_size / 4u), sizeof word);
	word = __builtin_bswap64(word);
	if (mmdb->record_size == 28) {
		child[0] = (uint32_t)(word >> 40 | (word >> 36 & 0xf) << 24);
		child[1] = (uint32_t)(word >> 8 & 0xfffffff);
	} else if (mmdb->record_size == 24) {
		child[0] = (uint32_t)(word >> 40);
		child[1] = (uint32_t)(word >> 16 & 0xffffff);
	} else {
		child[0] = (uint32_t)(word >> 32);
		child[1] = (uint32_t)word;
	}
}

static void find_root_v4(struct mmdb *mmdb)
{
	uint32_t child[2] = {0};
	for (unsigned depth = 0; mmdb->is_v6 && depth < 96 && child[0] < mmdb->node_count; depth++)
		node_get(mmdb, child[0], child);
	mmdb->root_v4 = child[0];
}

/* What the library does not see to, or not in all its versions. */
static const char *check_layout(struct mmdb *mmdb)
{
	const MMDB_s *library = &mmdb->library;
	size_t node_size = mmdb->record_size / 4u;
	if (mmdb->record_size != 24 && mmdb->record_size != 28 && mmdb->record_size != 32)
		return "has nodes of an unknown size";
	if (library->metadata.ip_version != 4 && library->metadata.ip_version != 6)
		return "has addresses of an unknown family";
	if (!mmdb->node_count)
		return "has no networks";
	if (node_size * mmdb->node_count + SEPARATOR > (size_t)library->file_size)
		return "is damaged: its search tree is larger than the file";
	mmdb->data = mmdb->tree + node_size * mmdb->node_count + SEPARATOR;
	mmdb->data_size = (size_t)library->file_size - (size_t)(mmdb->data - mmdb->tree);
	return NULL;
}

int mmdb_open(struct mmdb *mmdb, int file, size_t size, const char **why)
{
	*mmdb = (struct mmdb){.node_count = 0};
	*why = size ? NULL : "is empty";
	int copy = size ? copy_file(file, size, mmdb->digest, why) : -1;
	if (copy < 0)
		return -1;
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", copy);
	int status = MMDB_open(path, MMDB_MODE_MMAP, &mmdb->library);
	close(copy);
	if (status != MMDB_SUCCESS) {
		bool system = status == MMDB_IO_ERROR || status == MMDB_OUT_OF_MEMORY_ERROR ||
		              status == MMDB_FILE_OPEN_ERROR;
		*why = system ? MMDB_strerror(status) : "is no MaxMind DB file, or a damaged one";
		return -1;
	}
	mmdb->tree = mmdb->library.file_content;
	mmdb->node_count = mmdb->library.metadata.node_count;
	mmdb->record_size = mmdb->library.metadata.record_size;
	mmdb->is_v6 = mmdb->library.metadata.ip_version == 6;
	mmdb->built = mmdb->library.metadata.build_epoch;
	*why = check_layout(mmdb);
	if (*why) {
		MMDB_close(&mmdb->library);
		return -1;
	}
	find_root_v4(mmdb);
	return 0;
}

void mmdb_close(struct mmdb *mmdb)
{
	MMDB_close(&mmdb->library);
}

/* Offsets of records → what the visit gave for them. Most records lie more than 8 bytes apart, so a word for each 8
 * bytes finds them without searching, and neighbours in the tree near one another; for the rest there is a table. */
struct seen {
	uint32_t *near;        /* by offset / 8: 1 << 31 | offset % 8 << 24 | id */
	struct numbering rest; /* by offset + 1 */
};

/* The id of a record that was met before. */
static bool seen_get(const struct seen *seen, uint32_t offset, uint32_t *id)
{
	uint32_t near = seen->near[offset / 8];
	if (near >> 24 == (0x80 | offset % 8)) {
		*id = near & TILING_ID_NONE;
		return true;
	}
	return near && numbering_get(&seen->rest, (uint64_t)offset + 1, id);
}

static void seen_put(struct seen *seen, uint32_t offset, uint32_t id)
{
	if (!seen->near[offset / 8])
		seen->near[offset / 8] = (0x80 | offset % 8) << 24 | id;
	else
		numbering_put(&seen->rest, (uint64_t)offset + 1, id);
}

#define AHEAD 32 /* leaves between the first sight of a record and its use: the time in which memory brings it */

struct walk {
	const struct mmdb *mmdb;
	mmdb_visit visit;
	void *context;
	struct seen seen;
	struct tiling_writer writer;
	struct walk_leaf {
		uint32_t record; /* an offset, or NO_RECORD */
		uint8_t depth;
	} leaves[AHEAD];
	uint64_t count, visits, networks; /* leaves met; nodes; leaves with a record */
	const char *why;
};

#define NO_RECORD UINT32_MAX

/* Writes a leaf; false to stop. */
static inline bool walk_use(struct walk *walk, const struct walk_leaf *leaf)
{
	uint32_t known = 0;
	if (leaf->record != NO_RECORD && !seen_get(&walk->seen, leaf->record, &known)) {
		int64_t id = walk->visit(walk->context, leaf->record);
		if (id < 0)
			return false;
		known = (uint32_t)id;
		seen_put(&walk->seen, leaf->record, known);
	}
	tiling_add(&walk->writer, leaf->depth, known);
	return true;
}

static inline void fetch_record(const struct walk *walk, const struct walk_leaf *leaf)
{
	if (leaf->record != NO_RECORD && !walk->seen.near[leaf->record / 8])
		__builtin_prefetch(walk->mmdb->data + leaf->record);
}

/* Takes a leaf of the tree, and uses the one that was taken AHEAD leaves ago; false to stop. */
static inline bool walk_leaf(struct walk *walk, uint32_t value, unsigned depth)
{
	const struct mmdb *mmdb = walk->mmdb;
	struct walk_leaf *leaf = &walk->leaves[walk->count % AHEAD];
	if (walk->count++ >= AHEAD && !walk_use(walk, leaf))
		return false;
	*leaf = (struct walk_leaf){NO_RECORD, (uint8_t)depth};
	if (value == mmdb->node_count)
		return true;
	uint32_t offset = value - mmdb->node_count - SEPARATOR;
	if (value < mmdb->node_count + SEPARATOR || offset >= mmdb->data_size) {
		walk->why = "is damaged: a network points past the records";
		return false;
	}
	leaf->record = offset;
	walk->networks++;
	__builtin_prefetch(&walk->seen.near[offset / 8]);
	if (walk->count > AHEAD / 2)
		fetch_record(walk, &walk->leaves[(walk->count - AHEAD / 2) % AHEAD]);
	return true;
}

/* Uses the leaves that are left. */
static bool walk_rest(struct walk *walk)
{
	uint64_t first = walk->count > AHEAD ? walk->count - AHEAD : 0;
	for (uint64_t i = first; i < walk->count; i++)
		if (!walk_use(walk, &walk->leaves[i % AHEAD]))
			return false;
	walk->count = 0;
	return true;
}

/* Depth first, left before right: in the order of addresses. `bits`: how deep it may go; `skipped`: a node that
 * counts as empty wherever it is met below the root. */
static bool walk_tree(struct walk *walk, uint32_t root, unsigned bits, uint32_t skipped)
{
	const struct mmdb *mmdb = walk->mmdb;
	uint32_t waiting[129], child[2];
	uint8_t depth_of[129];
	unsigned count = 0, depth = 0;
	for (uint32_t at = root;;) {
		if (at < mmdb->node_count && (at != skipped || depth == 0)) {
			if (depth == bits || ++walk->visits > (uint64_t)VISITS_PER_NODE * mmdb->node_count) {
				walk->why = "is damaged: its search tree runs in circles";
				return false;
			}
			node_get(mmdb, at, child);
			waiting[count] = child[1];
			depth_of[count++] = (uint8_t)++depth;
			at = child[0];
			continue;
		}
		if (!walk_leaf(walk, at == skipped ? mmdb->node_count : at, depth))
			return false;
		if (!count)
			return walk_rest(walk);
		at = waiting[--count];
		depth = depth_of[count];
	}
}

/* One family; false to stop. */
static bool walk_family(struct walk *walk, bool is_v6, struct mmdb_networks *networks)
{
	const struct mmdb *mmdb = walk->mmdb;
	bool has_tree = mmdb->is_v6 || !is_v6, done = true;
	uint32_t empty = mmdb->node_count, skipped = is_v6 && mmdb->root_v4 < empty ? mmdb->root_v4 : empty;
	walk->networks = 0;
	tiling_begin(&walk->writer, has_tree ? (size_t)mmdb->node_count + 1 : 1);
	if (has_tree)
		done = walk_tree(walk, is_v6 ? 0 : mmdb->root_v4, is_v6 ? 128 : 32, skipped);
	else
		tiling_add(&walk->writer, 0, 0);
	if (done) {
		networks->tiling = tiling_end(&walk->writer);
		networks->count = walk->networks;
	} else {
		tiling_abandon(&walk->writer);
	}
	return done;
}

int mmdb_walk(
        const struct mmdb *mmdb, mmdb_visit visit, void *context, struct mmdb_networks networks[2], const char **why)
{
	struct walk walk = {.mmdb = mmdb, .visit = visit, .context = context};
	size_t near_size = (mmdb->data_size / 8 + 1) * sizeof *walk.seen.near;
	walk.seen.near = block_resize(NULL, 0, near_size);
	bool done = walk_family(&walk, false, &networks[0]);
	if (done && !walk_family(&walk, true, &networks[1])) {
		tiling_free(&networks[0].tiling);
		done = false;
	}
	numbering_free(&walk.seen.rest);
	block_resize(walk.seen.near, near_size, 0);
	*why = walk.why;
	return done ? 0 : -1;
}

int mmdb_find(const struct mmdb *mmdb, const struct addr *addr, size_t *offset)
{
	if (addr->family == ADDR_V6 && !mmdb->is_v6)
		return 0;
	bool is_v6 = addr->family == ADDR_V6;
	uint32_t at = is_v6 ? 0 : mmdb->root_v4, child[2];
	for (unsigned bit = 0; at < mmdb->node_count; bit++) {
		if (bit == addr_bits(addr))
			return -1;
		node_get(mmdb, at, child);
		at = child[addr->bytes[bit / 8] >> (7 - bit % 8) & 1];
		if (is_v6 && at == mmdb->root_v4 && at < mmdb->node_count)
			return 0;
	}
	if (at == mmdb->node_count)
		return 0;
	*offset = at - mmdb->node_count - SEPARATOR;
	return at >= mmdb->node_count + SEPARATOR && *offset < mmdb->data_size ? 1 : -1;
}
