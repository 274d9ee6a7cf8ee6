#include "server/metrics.h"

#include <gtest/gtest.h>

namespace ward::server {
namespace {

std::string_view name_of(std::string_view target) { return kRoutes.at(route_of(target)); }

TEST(Metrics, a_route_is_never_more_than_the_service_itself_says) {
  EXPECT_EQ(name_of("/kbs/v0/auth"), "/kbs/v0/auth");
  EXPECT_EQ(name_of("/kbs/v0/resource/hospital/key/records?x=1"), "/kbs/v0/resource");
  EXPECT_EQ(name_of("/v1/resource/hospital/key/records"), "/v1/resource");
  EXPECT_EQ(name_of("/v1/resources"), "/v1/resources");
  EXPECT_EQ(name_of("/v1/policy/results/hospital"), "/v1/policy");
  EXPECT_EQ(name_of("/.well-known/jwks.json"), "/.well-known");
  for (const char* other : {"", "/", "/kbs/v0/authx", "/kbs/v0", "/secret", "?/healthz"})
    EXPECT_EQ(name_of(other), "other") << other;
}

TEST(Metrics, counts_by_route_and_status) {
  Metrics metrics;
  EXPECT_EQ(metrics.text().find("} "), std::string::npos);
  metrics.count(route_of("/kbs/v0/resource/hospital/key/records"), 200);
  metrics.count(route_of("/kbs/v0/resource/hospital/key/other"), 200);
  metrics.count(route_of("/elsewhere"), 418);
  const std::string text = metrics.text();
  EXPECT_NE(text.find("ward_requests_total{route=\"/kbs/v0/resource\",status=\"200\"} 2\n"),
            std::string::npos);
  EXPECT_NE(text.find("ward_requests_total{route=\"other\",status=\"other\"} 1\n"),
            std::string::npos);
  EXPECT_EQ(text.find("hospital"), std::string::npos);
}

}  // namespace
}  // namespace ward::server
