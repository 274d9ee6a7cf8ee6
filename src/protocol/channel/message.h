#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"

// The messages of the attested channel (docs/protocols/attested-tls.md, Messages).
namespace ward::protocol::channel {

inline constexpr std::size_t kHeadSize = 5;  // kind and length, in octets
inline constexpr std::size_t kMaxEvidence = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxData = 16384;
inline constexpr std::uint32_t kWindow = std::uint32_t{1} << 20U;  // octets of data on the way
inline constexpr std::size_t kMaxCheckName = 64;
inline constexpr std::size_t kMaxReason = 512;

using Nonce = std::array<std::uint8_t, 32>;

// Role is the side that a message is of.
enum class Role : std::uint8_t { kClient = 'c', kServer = 's' };

[[nodiscard]] constexpr Role other(Role role) {
  return role == Role::kClient ? Role::kServer : Role::kClient;
}

// Hello begins each direction.
struct Hello {
  bool gives = false;  // evidence, where it is wanted
  bool wants = false;  // evidence of the receiver
  Nonce nonce{};
  bool operator==(const Hello&) const = default;
};

// Binding says what evidence is bound to. Its sender chose it: it is compared, never believed.
struct Binding {
  std::uint32_t round = 0;
  Role role = Role::kServer;  // of the sender
  Nonce nonce{};              // of the receiver
  crypto::Sha256Digest sender_key{};
  crypto::Sha256Digest receiver_key{};
  crypto::Sha256Digest exporter{};  // exporter_digest
  bool operator==(const Binding&) const = default;
};

// Evidence answers a hello or a challenge.
struct Evidence {
  Binding binding;
  Buffer octets;
  bool operator==(const Evidence&) const = default;
};

// Accept says that its sender accepted what the transcript shows.
struct Accept {
  std::uint32_t round = 0;
  crypto::Sha384Digest transcript{};
  bool operator==(const Accept&) const = default;
};

// Challenge asks for evidence again.
struct Challenge {
  std::uint32_t round = 0;
  Nonce nonce{};
  bool operator==(const Challenge&) const = default;
};

// Data are octets of the program behind the sender.
struct Data {
  Buffer octets;
  bool operator==(const Data&) const = default;
};

// Finish: the sender's program sends no more.
struct Finish {
  bool operator==(const Finish&) const = default;
};

// Window: the sender's program has taken so many octets; as many more may come.
struct Window {
  std::uint32_t octets = 0;
  bool operator==(const Window&) const = default;
};

// Refuse says why the sender ends the channel.
struct Refuse {
  std::string check;
  std::string found;
  std::string expected;
  bool operator==(const Refuse&) const = default;
};

using Message = std::variant<Hello, Evidence, Accept, Challenge, Data, Window, Finish, Refuse>;

// Head is the front of a frame.
struct Head {
  std::uint8_t kind = 0;
  std::size_t size = 0;  // of the body, in octets
};

// parse_head reads the first kHeadSize octets, and compares the length with its kind's bounds.
// kTruncated: fewer; kLimit: no such kind, or a length that it does not have.
[[nodiscard]] Result<Head> parse_head(Bytes front);

// parse_message reads one whole frame and nothing behind it. kTruncated, kLimit as parse_head;
// kMalformed: a body that is not of the kind's form, or octets behind it.
[[nodiscard]] Result<Message> parse_message(Bytes frame);

// write_message writes the whole frame. Texts of a Refuse are cut to their limits, and what is no
// printable ASCII becomes '?'.
[[nodiscard]] Buffer write_message(const Message& message);

// kind_name is what a person calls a frame's kind: "data", "evidence"; "no message" for none.
[[nodiscard]] std::string_view kind_name(std::uint8_t kind);

}  // namespace ward::protocol::channel
