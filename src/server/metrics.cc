#include "server/metrics.h"

#include <algorithm>

namespace ward::server {

std::size_t route_of(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  std::size_t i = 0;
  for (; i + 1 < kRoutes.size(); ++i) {
    const std::string_view route = kRoutes.at(i);
    const bool below = path.starts_with(route) && path.substr(route.size()).starts_with('/');
    if (path == route || below) break;
  }
  return i;
}

void Metrics::count(std::size_t route, unsigned status) {
  const auto* const found = std::find(kStatuses.begin(), kStatuses.end(), status);
  const auto column = static_cast<std::size_t>(found - kStatuses.begin());
  counts_.at(route).at(column).fetch_add(1, std::memory_order_relaxed);
}

std::string Metrics::text() const {
  std::string out =
      "# HELP ward_requests_total Requests that were answered, by route and status.\n"
      "# TYPE ward_requests_total counter\n";
  for (std::size_t route = 0; route < kRoutes.size(); ++route) {
    for (std::size_t column = 0; column <= kStatuses.size(); ++column) {
      const std::uint64_t count = counts_.at(route).at(column).load(std::memory_order_relaxed);
      if (count == 0) continue;
      const std::string status =
          column < kStatuses.size() ? std::to_string(kStatuses.at(column)) : "other";
      out += "ward_requests_total{route=\"" + std::string(kRoutes.at(route)) + "\",status=\"" +
             status + "\"} " + std::to_string(count) + "\n";
    }
  }
  return out;
}

}  // namespace ward::server
