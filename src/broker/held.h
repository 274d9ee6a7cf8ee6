#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/broker.h"
#include "crypto/secret.h"
#include "store/store.h"

// What the store holds of a resource: the newest version and a few before it, each sealed with the
// terms that it is released on (docs/wardd.md).
namespace ward::broker {

inline constexpr std::string_view kVersionTable = "kbs.resource.version";  // version_key, sealed

// So many versions are kept beside the newest; the oldest is forgotten.
inline constexpr std::size_t kMaxEarlierVersions = 10;

// A lease lasts at least one second and at most a year.
inline constexpr std::int64_t kMaxLease_s = std::int64_t{366} * 86400;

// Terms are on what a resource is released.
struct Terms {
  std::optional<UnixTime> expires;      // from then on to nobody; nullopt: never
  std::optional<std::int64_t> lease_s;  // each release is for so long; nullopt: for good

  friend bool operator==(const Terms&, const Terms&) = default;
};

// expired is true from the time on at which a resource with these terms is released no more.
[[nodiscard]] bool expired(const Terms& terms, UnixTime now);

// HeldResource is one version, opened.
struct HeldResource {
  SecretBytes value;
  Terms terms;
  std::optional<UnixTime> written;  // nullopt: by a service that did not write the time down
  std::uint64_t version = 0;
};

// VersionInfo is one version without its value.
struct VersionInfo {
  std::uint64_t version = 0;
  std::optional<UnixTime> written;
  Terms terms;
};

// load_resource opens the newest version; nullopt where there is none, or it was deleted.
// kUntrusted, kMalformed: the row is damaged.
[[nodiscard]] Result<std::optional<HeldResource>> load_resource(store::View& view, const Keys& keys,
                                                                std::string_view path);

// load_version opens that version; nullopt where it is not held, or not any more.
[[nodiscard]] Result<std::optional<HeldResource>> load_version(store::View& view, const Keys& keys,
                                                               std::string_view path,
                                                               std::uint64_t version);

// list_versions lists what is held, the newest first; empty where there is no such resource.
[[nodiscard]] Result<std::vector<VersionInfo>> list_versions(store::View& view, const Keys& keys,
                                                             std::string_view path);

// NewVersion is what is to be written.
struct NewVersion {
  std::string_view path;
  Bytes value;
  Terms terms;
  UnixTime now;
};

inline constexpr std::string_view kHeldTable = "kbs.resource.held";  // "octets": how many

// held_octets is how many octets the rows of all versions of all resources have. It is counted once
// where a store of before it was counted has no number.
[[nodiscard]] Result<std::uint64_t> held_octets(store::View& view);

// hold writes a new version over the newest, which `before` is, and keeps that among the earlier
// ones. Without `before` it begins, or begins again after a deletion. Returns the new version.
[[nodiscard]] Result<std::uint64_t> hold(store::Transaction& tx, const Service& service,
                                         const NewVersion& made,
                                         const std::optional<HeldResource>& before);

// let_go deletes the newest version, `version`, and forgets all before it; the version of what was
// done. Versions never return, even where the resource is written again.
[[nodiscard]] Result<std::uint64_t> let_go(store::Transaction& tx, std::string_view path,
                                           std::uint64_t version);

}  // namespace ward::broker
