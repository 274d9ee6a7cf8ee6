#include "store/memory/memory_store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace ward::store {
namespace {

using Key = std::pair<std::string, std::string>;
using Rows = std::map<Key, Row>;

// Listing is what is asked of list.
struct Listing {
  std::string_view table;
  std::string_view prefix;
  std::string_view after;
  std::size_t limit;
};

Key make_key(std::string_view table, std::string_view key) {
  return {std::string(table), std::string(key)};
}

Result<Row> get_row(const Rows& rows, std::string_view table, std::string_view key) {
  WARD_CHECK_OK(check_name(table, key));
  const auto found = rows.find(make_key(table, key));
  return found == rows.end() ? Row{} : found->second;
}

// walk calls `take(key, row)` for each row of a listing.
template <class Take>
Result<void> walk(const Rows& rows, const Listing& what, const Take& take) {
  WARD_CHECK_OK(check_list(what.table, what.prefix, what.limit));
  std::size_t taken = 0;
  for (auto at = rows.lower_bound(make_key(what.table, std::max(what.prefix, what.after)));
       at != rows.end() && at->first.first == what.table && taken < what.limit; ++at) {
    const std::string& key = at->first.second;
    if (key.compare(0, what.prefix.size(), what.prefix) != 0) break;
    if (key.compare(what.after) <= 0 || !at->second.value) continue;
    take(key, at->second);
    ++taken;
  }
  return {};
}

Result<std::vector<Listed>> list_rows(const Rows& rows, const Listing& what) {
  std::vector<Listed> out;
  WARD_CHECK_OK(walk(rows, what, [&](const std::string& key, const Row& row) {
    out.push_back({key, *row.value, row.version});
  }));
  return out;
}

Result<std::vector<ListedKey>> list_row_keys(const Rows& rows, const Listing& what) {
  std::vector<ListedKey> out;
  WARD_CHECK_OK(walk(rows, what, [&](const std::string& key, const Row& row) {
    out.push_back({key, row.version});
  }));
  return out;
}

class MemoryView : public View {
 public:
  explicit MemoryView(const Rows& rows) : rows_(rows) {}

  Result<Row> get(std::string_view table, std::string_view key) override {
    return get_row(rows_, table, key);
  }

  Result<std::vector<Listed>> list(std::string_view table, std::string_view prefix,
                                   std::string_view after, std::size_t limit) override {
    return list_rows(rows_, {table, prefix, after, limit});
  }

  Result<std::vector<ListedKey>> list_keys(std::string_view table, std::string_view prefix,
                                           std::string_view after, std::size_t limit) override {
    return list_row_keys(rows_, {table, prefix, after, limit});
  }

 private:
  const Rows& rows_;
};

// Writes in place and remembers what stood there: undone on every path but keep().
class MemoryTransaction : public Transaction {
 public:
  explicit MemoryTransaction(Rows& rows) : rows_(rows) {}

  MemoryTransaction(const MemoryTransaction&) = delete;
  MemoryTransaction& operator=(const MemoryTransaction&) = delete;

  ~MemoryTransaction() override { undo(); }

  // keep makes the writes last; true where there were any.
  bool keep() {
    const bool wrote = !before_.empty();
    before_.clear();
    return wrote;
  }

  Result<Row> get(std::string_view table, std::string_view key) override {
    return get_row(rows_, table, key);
  }

  Result<std::vector<Listed>> list(std::string_view table, std::string_view prefix,
                                   std::string_view after, std::size_t limit) override {
    return list_rows(rows_, {table, prefix, after, limit});
  }

  Result<std::vector<ListedKey>> list_keys(std::string_view table, std::string_view prefix,
                                           std::string_view after, std::size_t limit) override {
    return list_row_keys(rows_, {table, prefix, after, limit});
  }

  Result<std::uint64_t> put(std::string_view table, std::string_view key, Bytes value,
                            std::uint64_t expected) override {
    WARD_CHECK_OK(check_value(value));
    WARD_TRY(const Row row, get(table, key));
    if (row.version != expected) return Error(Errc::kStale, "store: put: version", row.version);
    set(table, key, Row{to_buffer(value), expected + 1});
    return expected + 1;
  }

  Result<std::uint64_t> erase(std::string_view table, std::string_view key,
                              std::uint64_t expected) override {
    WARD_TRY(const Row row, get(table, key));
    if (row.version != expected || !row.value) {
      return Error(Errc::kStale, "store: erase: version", row.version);
    }
    set(table, key, Row{std::nullopt, expected + 1});
    return expected + 1;
  }

  Result<void> forget(std::string_view table, std::string_view key) override {
    WARD_CHECK_OK(check_name(table, key));
    set(table, key, std::nullopt);
    return {};
  }

 private:
  void undo() {
    while (!before_.empty()) {
      auto& [key, row] = before_.back();
      if (row) {
        rows_[key] = std::move(*row);
      } else {
        rows_.erase(key);
      }
      before_.pop_back();
    }
  }

  void set(std::string_view table, std::string_view name, std::optional<Row> row) {
    Key key = make_key(table, name);
    const auto found = rows_.find(key);
    before_.emplace_back(key,
                         found == rows_.end() ? std::nullopt : std::optional<Row>(found->second));
    if (row) {
      rows_[key] = std::move(*row);
    } else {
      rows_.erase(key);
    }
  }

  Rows& rows_;
  std::vector<std::pair<Key, std::optional<Row>>> before_;
};

class MemoryStore : public Store {
 public:
  Result<void> transact(const Body& body) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    MemoryTransaction tx(rows_);
    WARD_CHECK_OK(body(tx));
    if (tx.keep()) ++revision_;
    return {};
  }

  Result<void> read(const std::function<Result<void>(View&)>& body) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    MemoryView view(rows_);
    return body(view);
  }

  Result<std::uint64_t> revision() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return revision_;
  }

 private:
  std::mutex mutex_;
  Rows rows_;                   // guarded by mutex_
  std::uint64_t revision_ = 0;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace ward::store
