#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/claim_list.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "codec/cbor.h"
#include "codec/cbor_write.h"

// What Arm's tokens (CCA platform, PSA) have in common: claims of a CBOR map with integer keys
// (RFC 9783; Arm DEN0137, Realm Management Monitor specification, section A7.2.3).
namespace ward::arm {

// Limits of our own: the specifications name none.
inline constexpr std::size_t kMaxText = 1024;
inline constexpr std::size_t kMaxComponents = 64;
inline constexpr std::size_t kMaxUnknown = 64;
inline constexpr std::size_t kMaxPayload = 64U << 10U;

// Claims takes the members of a token's map one by one, and keeps the first mistake. Borrows the
// map; what it returns are views into the document.
class Claims {
 public:
  explicit Claims(const codec::CborValue& map) : map_(map) {}

  // wrong says what was wrong first; empty where nothing was.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

  void fail(std::string why);

  [[nodiscard]] const codec::CborValue* find(std::int64_t key);

  // octets are those of a claim that must be there, of one of these sizes.
  Bytes octets(std::int64_t key, const char* name, std::initializer_list<std::size_t> sizes);

  // any_octets may have any size from `least` to kMaxText.
  Bytes any_octets(std::int64_t key, const char* name, std::size_t least);
  std::optional<Bytes> optional_octets(std::int64_t key, const char* name, std::size_t least,
                                       std::size_t most);

  std::string_view text(std::int64_t key, const char* name);
  std::optional<std::string_view> optional_text(std::int64_t key, const char* name);

  std::uint64_t number(std::int64_t key, const char* name, std::uint64_t greatest);

  // hashes is a list of exactly `count` octet strings of 32, 48 or 64 octets.
  std::vector<Bytes> hashes(std::int64_t key, const char* name, std::size_t count);

  // unknown lists, for people, the keys that nobody asked for. RFC 8392 section 3 has readers
  // ignore them: they are not judged.
  [[nodiscard]] std::vector<std::string> unknown() const;

 private:
  const codec::CborValue& map_;
  std::string wrong_;
  std::vector<std::int64_t> known_;
};

// Component is one measured software component. Borrows.
struct Component {
  std::optional<std::string_view> type;
  Bytes value;  // 32, 48 or 64 octets, as the signer
  std::optional<std::string_view> version;
  Bytes signer_id;
  std::optional<std::string_view> description;  // its hash algorithm

  // item is how a policy names the component: "BL2=<value in hex>"; without a type "=<value>". Of
  // the type ',' '%' and control characters stand as '%' and two digits ("%2c").
  [[nodiscard]] std::string item() const;

  // signer_item is how it names who signed it: "BL2=<signer id in hex>".
  [[nodiscard]] std::string signer_item() const;
};

// read_components reads the list under `key`: 1 to kMaxComponents maps.
[[nodiscard]] std::vector<Component> read_components(Claims& claims, std::int64_t key);

// write_components is its inverse.
void write_components(const std::vector<Component>& components, codec::CborWriter& w);

// add_components states them one by one, and as the lists that policies name: "components" and
// "signers".
void add_components(const std::vector<Component>& components, std::vector<attest::Claim>& out);

// add_component_layout names their octets; they are views into `evidence`.
void add_component_layout(const std::vector<Component>& components, Bytes evidence,
                          const std::string& prefix, std::vector<attest::LayoutField>& out);

// The state of a device's root of trust; which one, the high octet says.
enum class Lifecycle : std::uint8_t {
  kUnknown,              // 0x00
  kAssemblyAndTest,      // 0x10
  kProvisioning,         // 0x20
  kSecured,              // 0x30
  kNonRotDebug,          // 0x40: debug of a part above the root of trust; CCA: of the Realm world
  kRecoverableRotDebug,  // 0x50
  kDecommissioned,       // 0x60
};

// kMaxLifecycle is the greatest value of the claim.
inline constexpr std::uint64_t kMaxLifecycle = 0xffff;

[[nodiscard]] std::optional<Lifecycle> lifecycle_of(std::uint64_t value);
[[nodiscard]] const char* to_text(Lifecycle state);  // "secured", ...

// in_service is true for a device that has its keys and guards them, or is debugged for a while:
// any other state is no platform's to attest from.
[[nodiscard]] bool in_service(std::optional<Lifecycle> state);

// is_debug is true where something may look into the device.
[[nodiscard]] bool is_debug(std::optional<Lifecycle> state);

}  // namespace ward::arm
