#pragma once

#include <array>
#include <string_view>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "protocol/channel/message.h"

// What evidence of the attested channel is bound to (docs/protocols/attested-tls.md).
namespace ward::protocol::channel {

// The application protocol that both sides name in TLS (RFC 7301).
inline constexpr std::string_view kAlpn = "ward-channel/1";

// The label of the TLS exporter (RFC 8446 section 7.5); its context is exporter_context().
inline constexpr std::string_view kExporterLabel = "EXPERIMENTAL ward attested channel 1";

using ExporterValue = std::array<std::uint8_t, 32>;
using ReportData = std::array<std::uint8_t, 64>;

// exporter_context is both nonces, the client's first.
[[nodiscard]] Buffer exporter_context(const Nonce& client, const Nonce& server);

// exporter_digest names an exporter in a message.
[[nodiscard]] crypto::Sha256Digest exporter_digest(const ExporterValue& exporter);

// Bound are the values that one side's evidence must be bound to, as the side that computes them
// knows them by itself.
struct Bound {
  std::uint32_t round = 0;
  Role role = Role::kServer;  // who gives the evidence
  ExporterValue exporter{};
  crypto::Sha256Digest receiver_key{};
  Nonce nonce{};  // of the receiver
  crypto::Sha256Digest sender_key{};
};

// report_data is what the evidence carries: SHA-384, and 16 zeros.
[[nodiscard]] ReportData report_data(const Bound& bound);

// binding_of is what the message says beside the evidence.
[[nodiscard]] Binding binding_of(const Bound& bound);

}  // namespace ward::protocol::channel
