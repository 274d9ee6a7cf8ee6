#include "server/route_table.h"

#include <gtest/gtest.h>

#include "server/metrics.h"

namespace ward::server {
namespace {

std::string_view pattern_of(std::string_view path) {
  const OwnRoute* route = own_route(path);
  return route == nullptr ? "" : route->path;
}

TEST(RouteTable, a_name_in_braces_is_one_segment) {
  EXPECT_EQ(pattern_of("/v1/resources"), "/v1/resources");
  EXPECT_EQ(pattern_of("/v1/resource/a/b/c"), "/v1/resource/{repository}/{type}/{tag}");
  EXPECT_EQ(pattern_of("/v1/policy/evidence"), "/v1/policy/evidence");
  EXPECT_EQ(pattern_of("/v1/policy/results/evidence"), "/v1/policy/results/{repository}");
  EXPECT_EQ(pattern_of("/v1/reference-value/a"), "/v1/reference-value/{id...}");
  EXPECT_EQ(pattern_of("/v1/reference-value/a/b//c"), "/v1/reference-value/{id...}");
  EXPECT_EQ(pattern_of("/v1/reference-value/"), "");
  for (const char* none :
       {"", "/", "/v1", "/v1/", "/v1/resources/", "v1/resources", "/v1//resources", "/v2/resources",
        "/v1/resource/a/b", "/v1/resource/a/b/", "/v1/resource//b/c", "/v1/resource/a/b/c/d",
        "/v1/policy/other", "/v1/policy/results/", "/v1/resources?limit=1"}) {
    EXPECT_EQ(pattern_of(none), "") << none;
  }
}

TEST(RouteTable, a_method_is_a_whole_word) {
  EXPECT_TRUE(lists("GET, POST", "GET"));
  EXPECT_TRUE(lists("GET, POST", "POST"));
  EXPECT_FALSE(lists("", "GET"));
  for (const char* other : {"", "get", "GE", "GET,", "GET, POST", "PUT", "HEAD"}) {
    EXPECT_FALSE(lists("GET, POST", other)) << other;
  }
}

TEST(RouteTable, every_route_finds_itself_and_has_a_name_in_the_metrics) {
  for (const OwnRoute& route : kOwnRoutes) {
    EXPECT_EQ(pattern_of(route.path), route.path);
    EXPECT_NE(kRoutes.at(route_of(route.path)), "other") << route.path;
  }
}

}  // namespace
}  // namespace ward::server
