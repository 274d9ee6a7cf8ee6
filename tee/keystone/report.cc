#include "tee/keystone/report.h"

#include "attest/layout.h"
#include "base/reader.h"

namespace ward::keystone {
namespace {

constexpr std::size_t kLengthSize = 8;
constexpr std::size_t kMonitorAt = kHashSize + kLengthSize + kMaxData + kSignatureSize;

// Longer runs of zeros than this stand in every other kind of evidence's head, in no digest.
constexpr std::size_t kZerosOfADigest = 3;

bool looks_like_digest(Bytes octets) {
  std::size_t zeros = 0;
  for (const std::uint8_t octet : octets) {
    zeros = octet == 0 ? zeros + 1 : 0;
    if (zeros > kZerosOfADigest) return false;
  }
  return true;
}

// Of octets of a report's size.
bool has_digests(Bytes octets) {
  return looks_like_digest(octets.first(kHashSize)) &&
         looks_like_digest(octets.subspan(kMonitorAt, kHashSize));
}

// The length's octets, little-endian.
Buffer length_of(std::size_t size) {
  Buffer out(kLengthSize);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(size >> (8 * i));
  }
  return out;
}

}  // namespace

std::variant<Report, std::string> parse_report(Bytes octets) {
  if (octets.size() != kReportSize) return std::to_string(octets.size()) + " octets";
  Reader in(octets);
  Report out;
  std::uint64_t length = 0;
  Bytes data;
  const bool whole = in.bytes(kHashSize, out.enclave_hash) && in.u64le(length) &&
                     in.bytes(kMaxData, data) && in.bytes(kSignatureSize, out.enclave_signature) &&
                     in.bytes(kHashSize, out.monitor_hash) && in.bytes(kKeySize, out.monitor_key) &&
                     in.bytes(kSignatureSize, out.monitor_signature) &&
                     in.bytes(kKeySize, out.device_key);
  if (!whole) return "a cut report";
  if (length > kMaxData) return "data of " + std::to_string(length) + " octets";
  const std::size_t size = length;
  out.data = data.first(size);
  out.padding = data.subspan(size);
  out.enclave_signed = octets.first(kHashSize + kLengthSize + size);
  out.monitor_signed =
      octets.subspan(kHashSize + kLengthSize + kMaxData + kSignatureSize, kHashSize + kKeySize);
  return out;
}

Buffer write_report(const Report& r) {
  const Buffer length = length_of(r.data.size());
  return concat({r.enclave_hash, length, r.data, r.padding, r.enclave_signature, r.monitor_hash,
                 r.monitor_key, r.monitor_signature, r.device_key});
}

bool may_be_report(Bytes octets) {
  if (std::holds_alternative<Report>(parse_report(octets))) return true;
  if (octets.size() > kReportSize) return is_report(octets.first(kReportSize));
  return octets.size() == kReportSize && has_digests(octets);
}

// What is none by its hashes costs no text about its form.
bool is_report(Bytes octets) {
  return octets.size() == kReportSize && has_digests(octets) &&
         std::holds_alternative<Report>(parse_report(octets));
}

void Report::add_claims(std::vector<attest::Claim>& out) const {
  out.push_back({"enclave_hash", to_buffer(enclave_hash)});
  out.push_back({"data", to_buffer(data)});
  out.push_back({"monitor_hash", to_buffer(monitor_hash)});
  out.push_back({"monitor_key", to_buffer(monitor_key)});
  out.push_back({"device_key", to_buffer(device_key)});
}

std::vector<attest::LayoutField> Report::layout(Bytes whole) const {
  std::vector<attest::LayoutField> out;
  const auto add = [&](Bytes part, const char* name) {
    if (!part.empty()) out.push_back(attest::octets_field(whole, part, name, "octets"));
  };
  add(enclave_hash, "enclave.hash");
  add(whole.subspan(kHashSize, kLengthSize), "enclave.data_len");
  add(data, "enclave.data");
  add(padding, "enclave.not_signed");
  add(enclave_signature, "enclave.signature");
  add(monitor_hash, "sm.hash");
  add(monitor_key, "sm.public_key");
  add(monitor_signature, "sm.signature");
  add(device_key, "dev_public_key");
  return attest::fill_layout(std::move(out), whole, "octets");
}

}  // namespace ward::keystone
