#include "protocol/channel/checks.h"

namespace ward::protocol::channel {
namespace {

constexpr attest::CheckInfo kTable[] = {
#define WARD_CHECK(name, id, reference, meaning, hint) {id, reference, meaning, hint},
#include "protocol/channel/checks.def"
#undef WARD_CHECK
};

}  // namespace

std::span<const attest::CheckInfo> check_table() { return kTable; }

const attest::CheckInfo& check_info(CheckId id) {
  return check_table()[static_cast<std::size_t>(id)];
}

}  // namespace ward::protocol::channel
