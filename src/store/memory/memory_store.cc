#include "store/memory/memory_store.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace ward::store {
namespace {

using Key = std::pair<std::string, std::string>;
using Rows = std::map<Key, Row>;

Key make_key(std::string_view table, std::string_view key) {
  return {std::string(table), std::string(key)};
}

Result<Row> get_row(const Rows& rows, std::string_view table, std::string_view key) {
  WARD_CHECK_OK(check_name(table, key));
  const auto found = rows.find(make_key(table, key));
  return found == rows.end() ? Row{} : found->second;
}

Result<std::vector<Listed>> list_rows(const Rows& rows, std::string_view table,
                                      std::string_view prefix, std::string_view after,
                                      std::size_t limit) {
  WARD_CHECK_OK(check_list(table, prefix, limit));
  std::vector<Listed> out;
  for (auto at = rows.lower_bound(make_key(table, std::max(prefix, after)));
       at != rows.end() && at->first.first == table && out.size() < limit; ++at) {
    const std::string& key = at->first.second;
    if (key.compare(0, prefix.size(), prefix) != 0) break;
    if (key <= after || !at->second.value) continue;
    out.push_back({key, *at->second.value, at->second.version});
  }
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
    return list_rows(rows_, table, prefix, after, limit);
  }

 private:
  const Rows& rows_;
};

// Writes in place and remembers what stood there, so that a failed body is undone.
class MemoryTransaction : public Transaction {
 public:
  explicit MemoryTransaction(Rows& rows) : rows_(rows) {}

  Result<Row> get(std::string_view table, std::string_view key) override {
    return get_row(rows_, table, key);
  }

  Result<std::vector<Listed>> list(std::string_view table, std::string_view prefix,
                                   std::string_view after, std::size_t limit) override {
    return list_rows(rows_, table, prefix, after, limit);
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

  [[nodiscard]] bool wrote() const { return !before_.empty(); }

 private:
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
    if (auto done = body(tx); !done) {
      tx.undo();
      return done.error();
    }
    if (tx.wrote()) ++revision_;
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
