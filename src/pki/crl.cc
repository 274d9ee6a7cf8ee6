#include <algorithm>

#include "codec/der.h"
#include "pki/certificate.h"
#include "pki/extension.h"
#include "pki/oid.h"

namespace ward::pki {
namespace {

namespace tag = codec::der_tag;
using codec::DerElement;
using codec::DerReader;

bool before(const RevokedEntry& a, Bytes serial) { return compare_serial(a.serial, serial) < 0; }

// Of an entry only the extensions that change what it means are looked at (RFC 5280 section 5.3).
Result<void> read_entry_extensions(DerReader list, Crl& out) {
  return each_extension(list, [&out](const ExtensionView& e) {
    if (equal(e.oid, oid::kCertificateIssuer)) {
      out.entries_of_other_issuers = true;
    } else if (e.critical && !equal(e.oid, oid::kReasonCode) &&
               !equal(e.oid, oid::kInvalidityDate)) {
      out.unknown_critical = true;
    }
  });
}

Result<void> parse_entry(DerReader& in, Crl& out) {
  DerReader fields({});
  Bytes serial;
  RevokedEntry entry;
  if (!in.nested(tag::kSequence, fields) || !fields.integer(serial) ||
      !fields.time(entry.revoked_at)) {
    return Error(Errc::kMalformed, "pki.crl: entry", out.revoked.size());
  }
  if (serial.size() > kMaxSerialBytes + (serial[0] == 0 ? 1 : 0)) {
    return Error(Errc::kLimit, "pki.crl: serial number", serial.size());
  }
  DerReader extensions({});
  if (fields.nested(tag::kSequence, extensions)) {
    WARD_CHECK_OK(read_entry_extensions(extensions, out));
  }
  if (!fields.empty()) return Error(Errc::kMalformed, "pki.crl: entry", out.revoked.size());
  entry.serial = to_buffer(serial);
  out.revoked.push_back(std::move(entry));
  return {};
}

Result<void> parse_entries(DerReader in, Crl& out) {
  if (in.empty()) return Error(Errc::kMalformed, "pki.crl: empty list written out");
  while (!in.empty()) {
    if (out.revoked.size() == kMaxRevoked) {
      return Error(Errc::kLimit, "pki.crl: entries", kMaxRevoked);
    }
    WARD_CHECK_OK(parse_entry(in, out));
  }
  std::stable_sort(
      out.revoked.begin(), out.revoked.end(),
      [](const RevokedEntry& a, const RevokedEntry& b) { return before(a, b.serial); });
  return {};
}

Result<void> read_extension(const Extension& e, Crl& out) {
  if (equal(e.oid, oid::kCrlNumber)) {
    DerReader in(e.value);
    Bytes number;
    if (!in.integer(number) || !in.empty()) return Error(Errc::kMalformed, "pki.crl: cRLNumber");
    out.crl_number = to_buffer(number);
  } else if (equal(e.oid, oid::kAuthorityKeyId)) {
    WARD_TRY(out.authority_key_id, parse_authority_key_id(e.value));
  } else if (equal(e.oid, oid::kIssuingDistributionPoint)) {
    WARD_TRY(out.issuing_distribution_point, parse_issuing_distribution_point(e.value, out.issuer));
  } else if (equal(e.oid, oid::kDeltaCrl)) {
    out.delta = true;
  } else if (e.critical) {
    out.unknown_critical = true;
  }
  return {};
}

Result<void> parse_tail(DerReader& in, Crl& out) {
  DerReader entries({});
  if (in.nested(tag::kSequence, entries)) WARD_CHECK_OK(parse_entries(entries, out));
  DerReader wrapper({});
  if (in.nested(tag::context_constructed(0), wrapper)) {
    DerReader list({});
    if (!wrapper.nested(tag::kSequence, list) || !wrapper.empty()) {
      return Error(Errc::kMalformed, "pki.crl: extensions");
    }
    WARD_TRY(out.extensions, parse_extensions(list));
  }
  if (!in.empty()) return Error(Errc::kMalformed, "pki.crl: trailing fields");
  for (const Extension& extension : out.extensions) {
    WARD_CHECK_OK(read_extension(extension, out));
  }
  return {};
}

Result<void> parse_tbs(DerReader in, Bytes outer_algorithm, Crl& out) {
  std::uint64_t version = 0;
  DerElement algorithm;
  if (in.peek() != tag::kInteger) return Error(Errc::kUnsupported, "pki.crl: version", 1);
  if (!in.small_uint(version) || version == 0) return Error(Errc::kMalformed, "pki.crl: version");
  if (version != 1) return Error(Errc::kUnsupported, "pki.crl: version", version);
  if (!in.element(tag::kSequence, algorithm) || !equal(algorithm.encoding, outer_algorithm)) {
    return Error(Errc::kMalformed, "pki.crl: signature algorithms differ");
  }
  WARD_TRY(out.issuer, parse_name(in));
  if (out.issuer.empty()) {
    return Error(Errc::kMalformed, "pki.crl: empty issuer");  // RFC 5280 section 5.1.2.3
  }
  if (!in.time(out.this_update)) return Error(Errc::kMalformed, "pki.crl: thisUpdate");
  if (in.peek() == tag::kUtcTime || in.peek() == tag::kGeneralizedTime) {
    UnixTime next;
    if (!in.time(next)) return Error(Errc::kMalformed, "pki.crl: nextUpdate");
    out.next_update = next;
  }
  return parse_tail(in, out);
}

}  // namespace

int compare_serial(Bytes a, Bytes b) {
  const bool a_negative = !a.empty() && (a[0] & 0x80U) != 0;
  const bool b_negative = !b.empty() && (b[0] & 0x80U) != 0;
  if (a_negative != b_negative) return a_negative ? -1 : 1;
  // Minimal contents: of the same sign, the longer is further from zero.
  if (a.size() != b.size()) return (a.size() < b.size()) != a_negative ? -1 : 1;
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin());
  if (x == a.end()) return 0;
  return *x < *y ? -1 : 1;
}

bool Crl::revokes(Bytes serial) const {
  const auto at = std::lower_bound(revoked.begin(), revoked.end(), serial, before);
  return at != revoked.end() && compare_serial(at->serial, serial) == 0;
}

Result<Crl> parse_crl(Bytes der) {
  if (der.size() > kMaxCrlBytes) return Error(Errc::kLimit, "pki.crl: size", der.size());
  WARD_TRY(const Signed outer, parse_signed(der));
  Crl out;
  out.der = to_buffer(der);
  out.fingerprint = crypto::sha256(der);
  out.tbs = to_buffer(outer.tbs.encoding);
  out.signature_algorithm = outer.signature_algorithm;
  out.signature = to_buffer(outer.signature);
  WARD_CHECK_OK(parse_tbs(DerReader(outer.tbs.contents), outer.algorithm, out));
  return out;
}

bool signed_by(const Crl& crl, const crypto::PublicKey& issuer) {
  return issuer.verify(crl.signature_algorithm, crl.tbs, crl.signature);
}

}  // namespace ward::pki
