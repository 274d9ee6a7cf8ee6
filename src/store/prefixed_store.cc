#include "store/prefixed_store.h"

namespace ward::store {
namespace {

// name_below is the table's name in the store below; what is no name of its own is none there.
Result<std::string> name_below(std::string_view prefix, std::string_view table) {
  WARD_CHECK_OK(check_table(table));
  return std::string(prefix) + std::string(table);
}

// PrefixedView is PrefixedTransaction for who only reads.
class PrefixedView final : public View {
 public:
  PrefixedView(View& below, std::string_view prefix) : below_(below), prefix_(prefix) {}

  Result<Row> get(std::string_view table, std::string_view key) override {
    WARD_TRY(const std::string name, name_below(prefix_, table));
    return below_.get(name, key);
  }

  Result<std::vector<Listed>> list(std::string_view table, std::string_view prefix,
                                   std::string_view after, std::size_t limit) override {
    WARD_TRY(const std::string name, name_below(prefix_, table));
    return below_.list(name, prefix, after, limit);
  }

  Result<std::vector<ListedKey>> list_keys(std::string_view table, std::string_view prefix,
                                           std::string_view after, std::size_t limit) override {
    WARD_TRY(const std::string name, name_below(prefix_, table));
    return below_.list_keys(name, prefix, after, limit);
  }

 private:
  View& below_;
  std::string_view prefix_;
};

}  // namespace

Result<Row> PrefixedTransaction::get(std::string_view table, std::string_view key) {
  return PrefixedView(below_, prefix_).get(table, key);
}

Result<std::vector<Listed>> PrefixedTransaction::list(std::string_view table,
                                                      std::string_view prefix,
                                                      std::string_view after, std::size_t limit) {
  return PrefixedView(below_, prefix_).list(table, prefix, after, limit);
}

Result<std::vector<ListedKey>> PrefixedTransaction::list_keys(std::string_view table,
                                                              std::string_view prefix,
                                                              std::string_view after,
                                                              std::size_t limit) {
  return PrefixedView(below_, prefix_).list_keys(table, prefix, after, limit);
}

Result<std::uint64_t> PrefixedTransaction::put(std::string_view table, std::string_view key,
                                               Bytes value, std::uint64_t expected) {
  WARD_TRY(const std::string name, name_below(prefix_, table));
  return below_.put(name, key, value, expected);
}

Result<std::uint64_t> PrefixedTransaction::erase(std::string_view table, std::string_view key,
                                                 std::uint64_t expected) {
  WARD_TRY(const std::string name, name_below(prefix_, table));
  return below_.erase(name, key, expected);
}

Result<void> PrefixedTransaction::forget(std::string_view table, std::string_view key) {
  WARD_TRY(const std::string name, name_below(prefix_, table));
  return below_.forget(name, key);
}

Result<void> PrefixedStore::transact(const Body& body) {
  return below_.transact([&](Transaction& tx) -> Result<void> {
    if (guard_) {
      WARD_CHECK_OK(guard_(tx));
    }
    PrefixedTransaction mine(tx, prefix_);
    return body(mine);
  });
}

Result<void> PrefixedStore::read(const std::function<Result<void>(View&)>& body) {
  return below_.read([&](View& view) -> Result<void> {
    if (guard_) {
      WARD_CHECK_OK(guard_(view));
    }
    PrefixedView mine(view, prefix_);
    return body(mine);
  });
}

Result<std::uint64_t> PrefixedStore::revision() { return below_.revision(); }

}  // namespace ward::store
