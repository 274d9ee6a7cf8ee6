#include "apps/ward/person_options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "apps/ward/admin_pages.h"
#include "apps/ward/cli.h"
#include "apps/ward/input.h"
#include "apps/ward/key_files.h"
#include "args/args.h"
#include "pki/certificate.h"

namespace ward::cli {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::size_t kMaxCertificateFile = 64U << 10U;
constexpr const char* kOneOf =
    "one of --public-key FILE, --issuer URL with --subject or with --claim and --value, "
    "--pinned-certificate FILE, --certificate-name NAME";

int write_claim(JsonWriter& w, const PersonOptions& o) {
  const bool group = !o.claim.empty() && !o.value.empty() && o.subject.empty();
  const bool person = o.claim.empty() && o.value.empty() && !o.subject.empty();
  if (o.issuer.empty() || group == person) {
    return fail(kUsage, "whom of the issuer's people?",
                "--issuer URL with --subject SUBJECT, or with --claim NAME and --value VALUE");
  }
  const std::vector<std::string> claim = person ? std::vector<std::string>{"sub"} : o.claim;
  w.name("oidc").begin_object().member("issuer", o.issuer).name("claim").begin_array();
  for (const std::string& one : claim) {
    w.string(one);
  }
  w.end_array().member("value", person ? o.subject : o.value).end_object();
  return kAccepted;
}

int write_pin(JsonWriter& w, const PersonOptions& o) {
  const auto text = read_text(o.pinned, kMaxCertificateFile);
  if (!text) return own_file_failure(o.pinned, text.error());
  const auto chain = pki::parse_certificates(*text);
  if (!chain || chain->empty()) return fail(kUsage, o.pinned + ": no certificate in PEM");
  w.member("spki_sha256", to_hex(chain->front().spki_sha256));
  return kAccepted;
}

}  // namespace

bool PersonOptions::empty() const {
  return public_key.empty() && issuer.empty() && subject.empty() && claim.empty() &&
         value.empty() && pinned.empty() && certificate_name.empty();
}

void add_person_options(args::Command& c, PersonOptions& o) {
  c.add_option("--public-key", o.public_key, "his public key, as `ward admin key` prints it");
  c.add_option("--issuer", o.issuer, "the provider of OpenID Connect that he signs in with");
  c.add_option("--subject", o.subject, "who he is there (`sub`)");
  c.add_option("--claim", o.claim,
               "whoever has --value at this claim there; several times: the names that lead to it")
      ->allow_extra_args(false);
  c.add_option("--value", o.value, "the claim's text, or one of those that it lists");
  c.add_option("--pinned-certificate", o.pinned, "a TLS client certificate with his key (PEM)");
  c.add_option("--certificate-name", o.certificate_name,
               "a name in his TLS client certificate, below the service's client CA: dns:..., "
               "email:... or uri:...");
}

Result<void, int> write_person_proof(JsonWriter& w, const PersonOptions& o) {
  const bool claim =
      !o.issuer.empty() || !o.subject.empty() || !o.claim.empty() || !o.value.empty();
  const std::array<bool, 4> given = {!o.public_key.empty(), claim, !o.pinned.empty(),
                                     !o.certificate_name.empty()};
  if (std::ranges::count(given, true) != 1) {
    return fail(kUsage, "what does he sign in with?", kOneOf);
  }
  int code = kAccepted;
  if (claim) code = write_claim(w, o);
  if (!o.pinned.empty()) code = write_pin(w, o);
  if (!o.certificate_name.empty()) w.member("certificate_name", o.certificate_name);
  if (!o.public_key.empty()) {
    const auto key = read_verifying_key(o.public_key);
    if (!key) return own_file_failure(o.public_key, key.error());
    w.member("public_key", to_base64(key->key.to_spki(), Base64::kStandard));
  }
  if (code != kAccepted) return code;
  return {};
}

std::string person_proof_text(const JsonValue& person) {
  if (person.find("key") != nullptr) return ", key " + text_of(person, "key");
  if (person.find("spki_sha256") != nullptr) {
    return ", certificate with the key " + text_of(person, "spki_sha256");
  }
  if (person.find("certificate_name") != nullptr) {
    return ", certificate of " + text_of(person, "certificate_name");
  }
  const JsonValue* oidc = person.find("oidc");
  if (oidc == nullptr) return {};
  std::string path;
  const JsonValue* claim = oidc->find("claim");
  for (const JsonValue& item : claim != nullptr ? claim->items() : std::vector<JsonValue>()) {
    path += (path.empty() ? "" : ".") + std::string(item.as_string().value_or(""));
  }
  return ", " + path + " " + text_of(*oidc, "value") + " at " + text_of(*oidc, "issuer");
}

}  // namespace ward::cli
