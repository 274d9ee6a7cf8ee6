#include "apps/ward/ra_tls.h"

#include <algorithm>
#include <variant>
#include <vector>

#include "apps/ward/cli.h"
#include "apps/ward/evidence_kind.h"
#include "attest/appraisal_json.h"
#include "attest/scheme.h"
#include "base/time.h"
#include "codec/json_write.h"
#include "codec/pem.h"
#include "pki/certificate.h"
#include "protocol/ratls/certificate.h"

namespace ward::cli {
namespace {

namespace ratls = protocol::ratls;

// Inside is what the quote in it says.
struct Inside {
  std::string tee;  // "": of none that is known here
  std::vector<attest::Claim> claims;
  bool carries_the_claims = false;  // its report data is what the claims buffer demands
};

Inside look_inside(const ratls::Read& read) {
  Inside out;
  const attest::Scheme* scheme = judge_of(read.quote);
  if (scheme == nullptr) return out;
  out.tee = scheme->info().name;
  auto claims = scheme->inspect(read.quote);
  if (!claims) return out;
  out.claims = *std::move(claims);
  const auto data = std::ranges::find(out.claims, "report_data", &attest::Claim::name);
  if (data == out.claims.end()) return out;
  const auto* octets = std::get_if<Buffer>(&data->value);
  out.carries_the_claims = octets != nullptr && equal(*octets, read.report_data);
  return out;
}

std::string yes_no(bool value) { return value ? "yes" : "NO"; }

std::string text_of(const ratls::Read& read, const Inside& inside) {
  std::string out = "RA-TLS certificate (interoperable), not authenticated\n";
  out += std::string("  ") + kRaTlsProvesNothing + "\n";
  out += "  valid = " + format_rfc3339(read.not_before) + " to " + format_rfc3339(read.not_after) +
         ", by its own word\n";
  out += "  signed by its own key = " + yes_no(read.self_signed) + "\n";
  out += "  claims name its own key = " + yes_no(read.names_its_key) + "\n";
  out += "  quote carries the claims = " + yes_no(inside.carries_the_claims) + "\n";
  out += "  pubkey-hash = " + read.hash + " " + to_hex(read.pubkey_hash) + "\n";
  if (read.nonce) out += "  nonce = " + to_hex(*read.nonce) + "\n";
  out += "  report data that the quote must carry = " + to_hex(read.report_data) + "\n";
  out += "quote, " + (inside.tee.empty() ? "of no kind that is known here" : inside.tee) + ", " +
         std::to_string(read.quote.size()) + " octets\n";
  for (const attest::Claim& claim : inside.claims) {
    out += "  " + for_terminal(claim.name + " = " + attest::claim_text(claim.value)) + "\n";
  }
  return out;
}

Result<std::string> json_of(const ratls::Read& read, const Inside& inside) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.ra-tls/1").member("authenticated", false);
  w.member("proves_a_live_peer", false).member("warning", kRaTlsProvesNothing);
  w.member("not_before", format_rfc3339(read.not_before));
  w.member("not_after", format_rfc3339(read.not_after));
  w.member("self_signed", read.self_signed).member("names_its_key", read.names_its_key);
  w.member("carries_the_claims", inside.carries_the_claims);
  w.member("hash", read.hash).member("pubkey_hash", to_hex(read.pubkey_hash));
  w.member("nonce", read.nonce ? std::optional(to_hex(*read.nonce)) : std::nullopt);
  w.member("report_data", to_hex(read.report_data));
  w.member("tee", inside.tee.empty() ? std::nullopt : std::optional(inside.tee));
  w.member("evidence_base64", to_base64(read.quote, Base64::kStandard));
  WARD_TRY(const std::string text, w.end_object().take());
  return text + "\n";
}

}  // namespace

std::optional<Buffer> as_ra_tls(Bytes file) {
  if (ratls::is_certificate(file)) return to_buffer(file);
  const auto pem = pki::parse_certificates(as_text(file));
  if (!pem || pem->size() != 1 || !ratls::is_certificate((*pem)[0].der)) return std::nullopt;
  return (*pem)[0].der;
}

int print_ra_tls(const std::string& file, Bytes der, bool json) {
  const auto read = ratls::read_certificate(der);
  if (!read) {
    return fail(kRefused, file + ": malformed RA-TLS certificate: " + error_text(read.error()));
  }
  const Inside inside = look_inside(*read);
  if (!json) return print(text_of(*read, inside));
  const auto text = json_of(*read, inside);
  return text ? print(*text) : fail(kCouldNotTell, error_text(text.error()));
}

}  // namespace ward::cli
