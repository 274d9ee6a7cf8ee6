#pragma once

#include <cstdint>
#include <span>

#include "attest/check.h"

namespace ward::protocol::channel {

// CheckId names the attested channel's own checks, in the order of checks.def.
enum class CheckId : std::uint8_t {
#define WARD_CHECK(name, id, reference, meaning, hint) name,
#include "protocol/channel/checks.def"
#undef WARD_CHECK
};

// check_table lists them all.
[[nodiscard]] std::span<const attest::CheckInfo> check_table();

// check_info is the entry of one.
[[nodiscard]] const attest::CheckInfo& check_info(CheckId id);

}  // namespace ward::protocol::channel
