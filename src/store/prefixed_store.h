#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/store.h"

namespace ward::store {

// PrefixedTransaction is another's transaction in which each table's name begins with `prefix`:
// whoever has only this cannot name a table of anybody else. Borrows both.
class PrefixedTransaction final : public Transaction {
 public:
  PrefixedTransaction(Transaction& below, std::string_view prefix)
      : below_(below), prefix_(prefix) {}

  Result<Row> get(std::string_view table, std::string_view key) override;
  Result<std::vector<Listed>> list(std::string_view table, std::string_view prefix,
                                   std::string_view after, std::size_t limit) override;
  Result<std::vector<ListedKey>> list_keys(std::string_view table, std::string_view prefix,
                                           std::string_view after, std::size_t limit) override;
  Result<std::uint64_t> put(std::string_view table, std::string_view key, Bytes value,
                            std::uint64_t expected) override;
  Result<std::uint64_t> erase(std::string_view table, std::string_view key,
                              std::uint64_t expected) override;
  Result<void> forget(std::string_view table, std::string_view key) override;

 private:
  Transaction& below_;
  std::string_view prefix_;
};

// PrefixedStore is the part of a store whose tables' names begin with `prefix`, under their names
// without it. Two parts share nothing where neither prefix begins the other, nor does a part with
// whoever names no table that begins with its prefix. A table's name and the prefix together have
// at most kMaxTableBytes (kLimit). revision counts what anybody wrote in the whole store. Borrows
// `below`; as safe from several threads as that.
class PrefixedStore final : public Store {
 public:
  // Guard says of the whole store's state whether the part may be used: it is asked first in each
  // transaction and each reading, which its error ends before anything is read or written. It runs
  // in their threads.
  using Guard = std::function<Result<void>(View&)>;

  // An empty guard: always.
  PrefixedStore(Store& below, std::string prefix, Guard guard = {})
      : below_(below), prefix_(std::move(prefix)), guard_(std::move(guard)) {}

  Result<void> transact(const Body& body) override;
  Result<void> read(const std::function<Result<void>(View&)>& body) override;
  Result<std::uint64_t> revision() override;

 private:
  Store& below_;
  std::string prefix_;
  Guard guard_;
};

}  // namespace ward::store
