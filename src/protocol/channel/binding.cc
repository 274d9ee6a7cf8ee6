#include "protocol/channel/binding.h"

#include <algorithm>

#include "base/writer.h"

namespace ward::protocol::channel {
namespace {

constexpr std::string_view kDomain = "ward attested channel 1";
constexpr std::string_view kExporterDomain = "ward attested channel 1 exporter";

}  // namespace

Buffer exporter_context(const Nonce& client, const Nonce& server) {
  return concat({client, server});
}

crypto::Sha256Digest exporter_digest(const ExporterValue& exporter) {
  Writer w;
  w.bytes(as_bytes(kExporterDomain));
  w.u8(0);
  w.bytes(exporter);
  return crypto::sha256(w.view());
}

ReportData report_data(const Bound& bound) {
  Writer w;
  w.bytes(as_bytes(kDomain));
  w.u8(0);
  w.u8(static_cast<std::uint8_t>(bound.role));
  w.u32be(bound.round);
  w.bytes(bound.exporter);
  w.bytes(bound.receiver_key);
  w.bytes(bound.nonce);
  w.bytes(bound.sender_key);
  const crypto::Sha384Digest digest = crypto::sha384(w.view());
  ReportData out{};
  std::ranges::copy(digest, out.begin());
  return out;
}

Binding binding_of(const Bound& bound) {
  return {.round = bound.round,
          .role = bound.role,
          .nonce = bound.nonce,
          .sender_key = bound.sender_key,
          .receiver_key = bound.receiver_key,
          .exporter = exporter_digest(bound.exporter)};
}

}  // namespace ward::protocol::channel
