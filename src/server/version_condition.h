#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/broker.h"
#include "protocol/exchange.h"

namespace ward::server {

// version_condition reads If-Match and If-None-Match (RFC 9110 section 13.1), whose tags are
// versions: which must be the newest, 0 for none; nullopt where neither is there. 400, of this
// type, for anything else than "3" or *, and for both.
[[nodiscard]] broker::Answer<std::optional<std::uint64_t>> version_condition(
    const protocol::HttpRequest& request, std::string_view type);

// version_tag is the ETag of a version: "3".
[[nodiscard]] std::string version_tag(std::uint64_t version);

}  // namespace ward::server
