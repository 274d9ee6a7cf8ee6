#include "broker/held.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "broker/records.h"

namespace ward::broker {
namespace {

// Before the value: expires, lease_s and written, 64 bits each, big-endian.
constexpr std::size_t kHeadBytes = 24;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kLatest = std::numeric_limits<std::int64_t>::max();

Error damaged() { return {Errc::kMalformed, "broker.resource: a row is damaged"}; }

// version_key orders a path's versions; no path has an @.
std::string version_key(std::string_view path, std::uint64_t version) {
  Writer w;
  w.u64be(version);
  return std::string(path) + "@" + to_hex(w.take());
}

std::optional<std::uint64_t> version_in(std::string_view key) {
  const auto octets = from_hex(key.substr(key.rfind('@') + 1));
  std::uint64_t version = 0;
  if (!octets || !Reader(*octets).u64be(version)) return std::nullopt;
  return version;
}

// write puts terms and value into one row's value.
SecretBytes write(const Terms& terms, UnixTime written, Bytes value) {
  Writer w;
  w.u64be(terms.expires ? static_cast<std::uint64_t>(terms.expires->seconds) : kNever);
  w.u64be(static_cast<std::uint64_t>(terms.lease_s.value_or(0)));
  w.u64be(static_cast<std::uint64_t>(written.seconds));
  SecretBytes out(kHeadBytes + value.size());
  const auto into = out.expose_mut();
  std::ranges::copy(w.view(), into.begin());
  std::ranges::copy(value, into.begin() + kHeadBytes);
  return out;
}

Result<HeldResource> read(const SecretBytes& row, std::uint64_t version) {
  Reader r(row.expose());
  std::uint64_t expires = 0;
  std::uint64_t lease_s = 0;
  std::uint64_t written = 0;
  if (!r.u64be(expires) || !r.u64be(lease_s) || !r.u64be(written)) return damaged();
  const bool never = expires == kNever;
  if ((!never && expires > kLatest) || lease_s > kLatest || written > kLatest) return damaged();
  HeldResource out{.value = SecretBytes::copy_of(r.rest()),
                   .terms = {},
                   .written = UnixTime{static_cast<std::int64_t>(written)},
                   .version = version};
  if (!never) out.terms.expires = UnixTime{static_cast<std::int64_t>(expires)};
  if (lease_s != 0) out.terms.lease_s = static_cast<std::int64_t>(lease_s);
  return out;
}

Result<std::vector<std::uint64_t>> earlier_versions(store::View& view, std::string_view path) {
  WARD_TRY(const auto rows,
           view.list_keys(kVersionTable, std::string(path) + "@", "", kMaxEarlierVersions + 1));
  std::vector<std::uint64_t> out;
  for (const store::ListedKey& row : rows) {
    const auto version = version_in(row.key);
    if (!version) return damaged();
    out.push_back(*version);
  }
  return out;
}

constexpr std::string_view kOctets = "octets";

Result<std::uint64_t> row_octets(store::View& view, std::string_view table, std::string_view key) {
  WARD_TRY(const store::Row row, view.get(table, key));
  return row.value ? std::uint64_t{row.value->size()} : std::uint64_t{0};
}

// table_octets reads a whole table.
Result<std::uint64_t> table_octets(store::View& view, std::string_view table) {
  constexpr std::size_t kRows = 16;  // at one time: a row may have a mebibyte
  std::uint64_t out = 0;
  std::string after;
  for (;;) {
    WARD_TRY(const auto rows, view.list(table, "", after, kRows));
    if (rows.empty()) return out;
    for (const store::Listed& row : rows) {
      out += row.value.size();
    }
    after = rows.back().key;
  }
}

// octets_of is what is held of one resource, in all versions.
Result<std::uint64_t> octets_of(store::View& view, std::string_view path) {
  WARD_TRY(std::uint64_t out, row_octets(view, kResourceTable, path));
  WARD_TRY(const auto all, earlier_versions(view, path));
  for (const std::uint64_t version : all) {
    WARD_TRY(const std::uint64_t octets,
             row_octets(view, kVersionTable, version_key(path, version)));
    out += octets;
  }
  return out;
}

// Counting writes how many octets are held when a resource has been changed.
class Counting {
 public:
  static Result<Counting> begin(store::Transaction& tx, std::string_view path) {
    WARD_TRY(const std::uint64_t all, held_octets(tx));
    WARD_TRY(const std::uint64_t own, octets_of(tx, path));
    if (own > all) return damaged();
    return Counting(all - own);
  }

  Result<void> end(store::Transaction& tx, std::string_view path) const {
    WARD_TRY(const std::uint64_t own, octets_of(tx, path));
    Writer w;
    w.u64be(others_ + own);
    WARD_TRY(const store::Row row, tx.get(kHeldTable, kOctets));
    const auto written = tx.put(kHeldTable, kOctets, w.view(), row.version);
    if (!written) return written.error();
    return {};
  }

 private:
  explicit Counting(std::uint64_t others) : others_(others) {}

  std::uint64_t others_;  // octets of all other resources
};

// keep_earlier writes what was the newest among the earlier versions, and forgets the oldest.
Result<void> keep_earlier(store::Transaction& tx, const Service& service, std::string_view path,
                          const HeldResource& before) {
  const SecretBytes row =
      write(before.terms, before.written.value_or(UnixTime{0}), before.value.expose());
  const SealedPlace place{kVersionTable, version_key(path, before.version), RowForm::kWithTerms};
  WARD_CHECK_OK(service.keys.rows.put(tx, place, row.expose(), 0, service.rng));
  WARD_TRY(const auto all, earlier_versions(tx, path));
  for (std::size_t i = 0; i + kMaxEarlierVersions < all.size(); ++i) {
    WARD_CHECK_OK(tx.forget(kVersionTable, version_key(path, all[i])));
  }
  return {};
}

}  // namespace

bool expired(const Terms& terms, UnixTime now) { return terms.expires && now >= *terms.expires; }

Result<std::optional<HeldResource>> load_resource(store::View& view, const Keys& keys,
                                                  std::string_view path) {
  using Loaded = std::optional<HeldResource>;
  WARD_TRY(SealedRow row,
           keys.rows.get(view, SealedPlace{kResourceTable, std::string(path), RowForm::kEither}));
  if (!row.value) return Loaded{};
  if (row.form == RowForm::kPlain) {
    return Loaded{HeldResource{.value = *std::move(row.value),
                               .terms = {},
                               .written = std::nullopt,
                               .version = row.version}};
  }
  WARD_TRY(HeldResource out, read(*row.value, row.version));
  return Loaded{std::move(out)};
}

Result<std::optional<HeldResource>> load_version(store::View& view, const Keys& keys,
                                                 std::string_view path, std::uint64_t version) {
  using Loaded = std::optional<HeldResource>;
  WARD_TRY(auto newest, load_resource(view, keys, path));
  if (!newest || newest->version == version) return newest;
  WARD_TRY(const SealedRow row,
           keys.rows.get(
               view, SealedPlace{kVersionTable, version_key(path, version), RowForm::kWithTerms}));
  if (!row.value) return Loaded{};
  WARD_TRY(HeldResource out, read(*row.value, version));
  if (out.written == UnixTime{0}) out.written.reset();
  return Loaded{std::move(out)};
}

Result<std::vector<VersionInfo>> list_versions(store::View& view, const Keys& keys,
                                               std::string_view path) {
  std::vector<VersionInfo> out;
  WARD_TRY(const auto newest, load_resource(view, keys, path));
  if (!newest) return out;
  WARD_TRY(std::vector<std::uint64_t> all, earlier_versions(view, path));
  all.push_back(newest->version);
  std::ranges::sort(all, std::greater<>());
  for (const std::uint64_t version : all) {
    WARD_TRY(const auto one, load_version(view, keys, path, version));
    if (!one) return damaged();
    out.push_back({.version = version, .written = one->written, .terms = one->terms});
  }
  return out;
}

Result<std::uint64_t> held_octets(store::View& view) {
  WARD_TRY(const store::Row row, view.get(kHeldTable, kOctets));
  std::uint64_t out = 0;
  if (row.value) {
    if (!Reader(*row.value).u64be(out)) return damaged();
    return out;
  }
  WARD_TRY(out, table_octets(view, kResourceTable));
  WARD_TRY(const std::uint64_t earlier, table_octets(view, kVersionTable));
  return out + earlier;
}

Result<std::uint64_t> hold(store::Transaction& tx, const Service& service, const NewVersion& made,
                           const std::optional<HeldResource>& before) {
  WARD_TRY(const Counting counting, Counting::begin(tx, made.path));
  if (before) WARD_CHECK_OK(keep_earlier(tx, service, made.path, *before));
  WARD_TRY(const store::Row row, tx.get(kResourceTable, made.path));
  const SecretBytes value = write(made.terms, made.now, made.value);
  const SealedPlace place{kResourceTable, std::string(made.path), RowForm::kWithTerms};
  WARD_TRY(const std::uint64_t version,
           service.keys.rows.put(tx, place, value.expose(), row.version, service.rng));
  WARD_CHECK_OK(counting.end(tx, made.path));
  return version;
}

Result<std::uint64_t> let_go(store::Transaction& tx, std::string_view path, std::uint64_t version) {
  WARD_TRY(const Counting counting, Counting::begin(tx, path));
  WARD_TRY(const auto all, earlier_versions(tx, path));
  for (const std::uint64_t one : all) {
    WARD_CHECK_OK(tx.forget(kVersionTable, version_key(path, one)));
  }
  WARD_TRY(const std::uint64_t erased, tx.erase(kResourceTable, path, version));
  WARD_CHECK_OK(counting.end(tx, path));
  return erased;
}

}  // namespace ward::broker
