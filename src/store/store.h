#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::store {

// Bounds on what a store keeps; each is tested at its value and one above (kLimit).
inline constexpr std::size_t kMaxTableBytes = 64;         // a-z 0-9 _ . only, not empty
inline constexpr std::size_t kMaxKeyBytes = 1024;         // any octets, not empty
inline constexpr std::size_t kMaxValueBytes = 16U << 20;  // one row's value
inline constexpr std::size_t kMaxListed = 1000;           // rows in one answer of list()

// Row is what stands under one key. A key that was never written is {nullopt, 0}. Each write or
// erasure raises the version by exactly one, and an erased key keeps its version, so that a version
// number never returns for a key: compare-and-swap cannot be fooled by erase and write again.
struct Row {
  std::optional<Buffer> value;  // nullopt: never written, or erased
  std::uint64_t version = 0;
};

// Listed is one row of a listing.
struct Listed {
  std::string key;
  Buffer value;
  std::uint64_t version = 0;
};

// ListedKey is one row of a listing without values.
struct ListedKey {
  std::string key;
  std::uint64_t version = 0;
};

// View reads one consistent state. A table exists by being named. kLimit and kMalformed for a table
// or key outside the bounds above, kUnavailable where the store does not answer.
class View {
 public:
  View() = default;
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  virtual ~View() = default;

  virtual Result<Row> get(std::string_view table, std::string_view key) = 0;

  // list returns the rows with a value whose key begins with `prefix` and is greater than `after`
  // (pass "" to begin), in order of the keys' octets: at most `limit`, which is 1 to kMaxListed.
  virtual Result<std::vector<Listed>> list(std::string_view table, std::string_view prefix,
                                           std::string_view after, std::size_t limit) = 0;

  // list_keys is list without the values, which may be large.
  virtual Result<std::vector<ListedKey>> list_keys(std::string_view table, std::string_view prefix,
                                                   std::string_view after, std::size_t limit) = 0;
};

// Transaction is a View that sees its own writes. Valid inside Store::transact only.
class Transaction : public View {
 public:
  // put writes `value` where the row's version is `expected` (0: the key was never written), and
  // returns the new version, expected + 1. kStale where the version is another.
  virtual Result<std::uint64_t> put(std::string_view table, std::string_view key, Bytes value,
                                    std::uint64_t expected) = 0;

  // erase removes the value and keeps the version, raised by one, which it returns. kStale where
  // the version is not `expected`; erasing what has no value is kStale too.
  virtual Result<std::uint64_t> erase(std::string_view table, std::string_view key,
                                      std::uint64_t expected) = 0;

  // forget removes a row together with its version history. Only for keys that nobody writes
  // again (expired nonces), because the next put starts at version 0.
  virtual Result<void> forget(std::string_view table, std::string_view key) = 0;
};

// Store keeps small versioned rows. One object may be used from several threads; each call is
// atomic. Back ends: memory/ and sqlite/, which pass the same conformance test (conformance.h).
class Store {
 public:
  // Body is the act of a transaction. It may run more than once and so must change nothing but what
  // it is given; it must not call the store itself. What
  // it throws comes out of transact, and nothing happened.
  using Body = std::function<Result<void>(Transaction&)>;

  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // transact runs `body` alone (serialisable). Where body succeeds, all its writes are durable
  // before transact returns; where it fails, none happened and its error is returned unchanged.
  // kUnavailable: the store is busy, full or gone, and nothing happened.
  virtual Result<void> transact(const Body& body) = 0;

  // read runs `body` over one consistent state, without keeping writers out.
  virtual Result<void> read(const std::function<Result<void>(View&)>& body) = 0;

  // revision counts the transactions that wrote, in this store by anyone: a replica polls it to
  // learn that something changed.
  virtual Result<std::uint64_t> revision() = 0;

  // get reads one row.
  Result<Row> get(std::string_view table, std::string_view key);

  // put writes one row in a transaction of its own.
  Result<std::uint64_t> put(std::string_view table, std::string_view key, Bytes value,
                            std::uint64_t expected);
};

// check_name and check_value are the bounds that every back end applies before it touches a row.
Result<void> check_name(std::string_view table, std::string_view key);
Result<void> check_table(std::string_view table);
Result<void> check_value(Bytes value);
Result<void> check_list(std::string_view table, std::string_view prefix, std::size_t limit);

}  // namespace ward::store
