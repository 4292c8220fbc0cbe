/*
 * geodb.h: the databases as map_build sees them: one tiling of facts per family.
 *
 * Opening walks every file once, lays the tilings over one another and lets the copies go; what stays is 4 bytes a
 * network. The open descriptors stay, too, so that geodb_facts can look again after geodb_release. Builder thread.
 */
#ifndef MERIDIAN_GEO_GEODB_H
#define MERIDIAN_GEO_GEODB_H

#include "geo/build.h"
#include "geo/country.h"
#include "geo/fact.h"
#include "geo/tiling.h"

enum { GEO_V4, GEO_V6, GEO_FAMILIES };

static inline unsigned geo_family(const struct addr *addr)
{
	return addr->family == ADDR_V6 ? GEO_V6 : GEO_V4;
}

struct geodb {
	struct arena *arena;
	struct geodb_file *files;
	struct geodb_source {
		int descriptor;
		uint64_t size;
		bool has[GEO_FAMILIES]; /* networks of that family */
	} * sources;
	size_t count;
	bool at_once; /* a second thread may help, here and in what is made of it */
	struct countries countries;
	/* until geodb_release: */
	struct fact_table facts;
	struct tiling networks[GEO_FAMILIES]; /* numbers of facts */
};

/* A fact with what its country adds: the continent, and the point if it is not located. */
struct geo_facts geodb_complete(const struct countries *countries, const struct fact *fact);

#endif
