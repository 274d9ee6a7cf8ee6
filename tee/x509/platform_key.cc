#include "tee/x509/platform_key.h"

#include <array>

#include "tee/x509/documents.h"

namespace ward::x509 {

KeyWriter::KeyWriter(std::string_view scheme, const attest::Job& job) {
  add(as_bytes(scheme));
  add(job.anchors.size());
  for (const attest::Anchor& anchor : job.anchors) {
    add(anchor.spki_sha256);
    add(as_bytes(anchor.name));
    add(anchor.development ? 1 : 0);
  }
  add(job.prepared == nullptr ? Bytes{} : Bytes(job.prepared->digest()));
}

void KeyWriter::add(Bytes octets) {
  add(octets.size());
  digest_.update(octets);
}

void KeyWriter::add(std::size_t number) {
  std::array<std::uint8_t, 8> octets{};
  for (std::uint8_t& octet : octets) {
    octet = static_cast<std::uint8_t>(number);
    number >>= 8U;
  }
  digest_.update(octets);
}

void KeyWriter::add(std::span<const attest::Document* const> documents) {
  add(documents.size());
  for (const attest::Document* document : documents) {
    add(as_bytes(document->name));
    add(Bytes(document->bytes));
  }
}

}  // namespace ward::x509
