#include "tee/snp/vek.h"

#include <utility>

#include "codec/der.h"

namespace ward::snp {
namespace {

using codec::DerReader;
using codec::DerWriter;

// 1.3.6.1.4.1.3704.1; the members add one or two arcs, all below 128.
constexpr std::array<std::uint8_t, 8> kRoot = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01};

Buffer oid_of(std::initializer_list<std::uint8_t> arcs) {
  return concat({kRoot, Bytes(arcs.begin(), arcs.size())});
}

constexpr std::uint8_t kStructVersion = 1;
constexpr std::uint8_t kProductName = 2;
constexpr std::uint8_t kTcb = 3;
constexpr std::uint8_t kHwid = 4;
constexpr std::uint8_t kCspId = 5;
// Under kTcb.
constexpr std::uint8_t kBootloader = 1;
constexpr std::uint8_t kTee = 2;
constexpr std::uint8_t kSnp = 3;
constexpr std::uint8_t kSpl4 = 4;
constexpr std::uint8_t kMicrocode = 8;
constexpr std::uint8_t kFmc = 9;

std::optional<std::uint8_t> small(const pki::Extension* extension) {
  if (extension == nullptr) return std::nullopt;
  DerReader in(extension->value);
  std::uint64_t value = 0;
  if (!in.small_uint(value) || !in.empty() || value > 255) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

std::optional<std::string> text(const pki::Extension* extension) {
  if (extension == nullptr) return std::nullopt;
  DerReader in(extension->value);
  codec::DerElement element;
  if (!in.element(codec::der_tag::kIa5String, element) || !in.empty()) return std::nullopt;
  for (const std::uint8_t c : element.contents) {
    if (c < 0x20 || c > 0x7e) return std::nullopt;
  }
  return std::string(as_text(element.contents));
}

// required reads one number that may not be missing.
bool required(const pki::Certificate& c, std::uint8_t arc, std::uint8_t& out) {
  const auto value = small(c.find(oid_of({kTcb, arc})));
  if (value) out = *value;
  return value.has_value();
}

// optional_number reads one that may be missing, but not malformed.
bool optional_number(const pki::Certificate& c, std::uint8_t arc,
                     std::optional<std::uint8_t>& out) {
  const pki::Extension* extension = c.find(oid_of({kTcb, arc}));
  out = small(extension);
  return extension == nullptr || out.has_value();
}

void add(std::vector<pki::Extension>& out, Buffer oid, DerWriter value) {
  out.push_back({.oid = std::move(oid), .value = value.take()});
}

void add_number(std::vector<pki::Extension>& out, Buffer oid, std::uint8_t number) {
  DerWriter w;
  w.small_uint(number);
  add(out, std::move(oid), std::move(w));
}

void add_text(std::vector<pki::Extension>& out, Buffer oid, const std::string& value) {
  DerWriter w;
  w.element(codec::der_tag::kIa5String, as_bytes(value));
  add(out, std::move(oid), std::move(w));
}

}  // namespace

Result<VekExtensions> parse_vek_extensions(const pki::Certificate& certificate) {
  VekExtensions out;
  const auto version = small(certificate.find(oid_of({kStructVersion})));
  if (!version) return Error(Errc::kMalformed, "structVersion is missing or malformed");
  out.struct_version = *version;
  auto product = text(certificate.find(oid_of({kProductName})));
  if (!product) return Error(Errc::kMalformed, "productName is missing or malformed");
  out.product_name = *std::move(product);
  if (!required(certificate, kBootloader, out.tcb.bootloader)) {
    return Error(Errc::kMalformed, "blSPL is missing or malformed");
  }
  if (!required(certificate, kTee, out.tcb.tee)) {
    return Error(Errc::kMalformed, "teeSPL is missing or malformed");
  }
  if (!required(certificate, kSnp, out.tcb.snp)) {
    return Error(Errc::kMalformed, "snpSPL is missing or malformed");
  }
  if (!required(certificate, kMicrocode, out.tcb.microcode)) {
    return Error(Errc::kMalformed, "ucodeSPL is missing or malformed");
  }
  if (!optional_number(certificate, kFmc, out.tcb.fmc)) {
    return Error(Errc::kMalformed, "fmcSPL is missing or malformed");
  }
  for (std::uint8_t i = 0; i < 4; ++i) {
    std::optional<std::uint8_t> spl;
    if (!optional_number(certificate, static_cast<std::uint8_t>(kSpl4 + i), spl)) {
      return Error(Errc::kMalformed, "spl_4 to spl_7 is missing or malformed");
    }
    out.reserved.at(i) = spl.value_or(0);
  }
  if (const pki::Extension* hwid = certificate.find(oid_of({kHwid}))) out.hwid = hwid->value;
  if (const pki::Extension* csp = certificate.find(oid_of({kCspId}))) {
    out.csp_id = text(csp);
    if (!out.csp_id) return Error(Errc::kMalformed, "cspID is missing or malformed");
  }
  return out;
}

std::vector<pki::Extension> write_vek_extensions(const VekExtensions& e) {
  std::vector<pki::Extension> out;
  add_number(out, oid_of({kStructVersion}), e.struct_version);
  add_text(out, oid_of({kProductName}), e.product_name);
  if (e.tcb.fmc) add_number(out, oid_of({kTcb, kFmc}), *e.tcb.fmc);
  add_number(out, oid_of({kTcb, kBootloader}), e.tcb.bootloader);
  add_number(out, oid_of({kTcb, kTee}), e.tcb.tee);
  for (std::uint8_t i = e.tcb.fmc ? 1 : 0; i < 4; ++i) {
    add_number(out, oid_of({kTcb, static_cast<std::uint8_t>(kSpl4 + i)}), e.reserved.at(i));
  }
  add_number(out, oid_of({kTcb, kSnp}), e.tcb.snp);
  add_number(out, oid_of({kTcb, kMicrocode}), e.tcb.microcode);
  if (e.hwid) out.push_back({.oid = oid_of({kHwid}), .value = *e.hwid});
  if (e.csp_id) add_text(out, oid_of({kCspId}), *e.csp_id);
  return out;
}

}  // namespace ward::snp
