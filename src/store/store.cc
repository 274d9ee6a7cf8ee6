#include "store/store.h"

#include <algorithm>

namespace ward::store {

Result<void> check_table(std::string_view table) {
  if (table.empty()) return Error(Errc::kMalformed, "store: empty table name");
  if (table.size() > kMaxTableBytes) {
    return Error(Errc::kLimit, "store: table name too long", table.size());
  }
  const bool plain = std::all_of(table.begin(), table.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
  if (!plain) return Error(Errc::kMalformed, "store: table name outside a-z 0-9 _ .");
  return {};
}

Result<void> check_name(std::string_view table, std::string_view key) {
  WARD_CHECK_OK(check_table(table));
  if (key.empty()) return Error(Errc::kMalformed, "store: empty key");
  if (key.size() > kMaxKeyBytes) return Error(Errc::kLimit, "store: key too long", key.size());
  return {};
}

Result<void> check_value(Bytes value) {
  if (value.size() > kMaxValueBytes) {
    return Error(Errc::kLimit, "store: value too long", value.size());
  }
  return {};
}

Result<void> check_list(std::string_view table, std::string_view prefix, std::size_t limit) {
  WARD_CHECK_OK(check_table(table));
  if (prefix.size() > kMaxKeyBytes) {
    return Error(Errc::kLimit, "store: prefix too long", prefix.size());
  }
  if (limit == 0 || limit > kMaxListed) return Error(Errc::kLimit, "store: list limit", limit);
  return {};
}

Result<Row> Store::get(std::string_view table, std::string_view key) {
  Row out;
  WARD_CHECK_OK(read([&](View& view) -> Result<void> {
    WARD_TRY(out, view.get(table, key));
    return {};
  }));
  return out;
}

Result<std::uint64_t> Store::put(std::string_view table, std::string_view key, Bytes value,
                                 std::uint64_t expected) {
  std::uint64_t version = 0;
  WARD_CHECK_OK(transact([&](Transaction& tx) -> Result<void> {
    WARD_TRY(version, tx.put(table, key, value, expected));
    return {};
  }));
  return version;
}

}  // namespace ward::store
