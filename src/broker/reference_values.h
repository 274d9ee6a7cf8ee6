#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "refval/refval.h"
#include "store/store.h"

// The reference values that a service keeps: what policies in Rego for evidence look up
// (docs/wardd.md). They are the verifier owner's.
namespace ward::broker {

inline constexpr std::string_view kReferenceTable = "refval.value";  // by id, sealed
inline constexpr std::size_t kMaxReferenceValues = 1000;             // of the service
inline constexpr std::size_t kMaxReferenceBytes = 4U << 20U;  // of all of them, as they are kept

// One page of a list has at most so many: `next` goes on.
inline constexpr std::size_t kMaxListedValues = 100;

// load_reference_value reads one, whether its time is over or not; nullopt where there is none.
// kUntrusted, kMalformed: the row is damaged.
[[nodiscard]] Result<std::optional<refval::ReferenceValue>> load_reference_value(
    store::View& view, const Service& service, std::string_view id);

// load_reference_values writes those that count at `at` as one object, id to value.
[[nodiscard]] Result<std::string> load_reference_values(store::View& view, const Service& service,
                                                        UnixTime at);

// ReferenceList is one page of a list, in the order of ids.
struct ReferenceList {
  std::vector<refval::ReferenceValue> values;  // those whose time is over among them
  std::string next;                            // empty: there are no more
};

// ReferenceAdmin changes and shows them, for administrators and the verifier's owner. Every change
// is a leaf of the ledger that names ids and digests, and is all or nothing. Safe from several
// threads.
class ReferenceAdmin {
 public:
  explicit ReferenceAdmin(const Service& service) : service_(service) {}

  // set writes all of a message's values, each in the place of an earlier one of its id; how many.
  // 409 where one is over already at `now`, or is no list and would take the place of a list that
  // counts: nothing is set then.
  [[nodiscard]] Answer<std::size_t> set(const Actor& actor,
                                        const std::vector<refval::ReferenceValue>& values,
                                        UnixTime now) const;

  // get gives one that counts at `now`; 404 where there is none.
  [[nodiscard]] Answer<refval::ReferenceValue> get(const Actor& actor, std::string_view id,
                                                   UnixTime now) const;

  [[nodiscard]] Answer<void> remove(const Actor& actor, std::string_view id, UnixTime now) const;

  // list gives those behind `after`, at most `limit` (1 to kMaxListedValues).
  [[nodiscard]] Answer<ReferenceList> list(const Actor& actor, std::string_view after, UnixTime now,
                                           std::size_t limit = kMaxListedValues) const;

 private:
  const Service& service_;
};

}  // namespace ward::broker
