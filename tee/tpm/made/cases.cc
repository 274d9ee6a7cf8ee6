#include "tee/tpm/made/cases.h"

#include <utility>

#include "codec/der.h"
#include "tee/tcg/event_type.h"

namespace ward::tpm::stage {
namespace {

constexpr std::size_t kChainFace = 0;
constexpr std::size_t kKeyFace = 1;
constexpr UnixTime kTomorrow{kNow.seconds + 86400};
constexpr UnixTime kYesterday{kNow.seconds - 1};

// The cases of what a TPM signs and of what stands beside it.
void add_quote_cases(std::vector<Case>& out) {
  out.push_back({.name = "trailing_octet", .id = "evidence.form", .octets = [](Buffer& b) {
                   b.push_back(0);
                 }});
  out.push_back({.name = "quote_trailing_octet", .id = "quote.form", .before = [](Scene& s) {
                   s.attest = write_quote(s.stage.quote);
                   s.attest.push_back(0);
                 }});
  out.push_back({.name = "magic", .id = "quote.magic", .before = [](Scene& s) {
                   s.stage.quote.magic = 0x11223344;
                 }});
  out.push_back({.name = "attest_creation", .id = "quote.type", .before = [](Scene& s) {
                   s.stage.quote.type = 0x801a;  // TPM_ST_ATTEST_CREATION
                 }});
  out.push_back({.name = "no_nonce", .id = "quote.extra_data", .before = [](Scene& s) {
                   s.stage.quote.extra_data.clear();
                 }});
  out.push_back({.name = "no_pcr", .id = "quote.selection", .before = [](Scene& s) {
                   s.stage.quote.pcr_select = {selection_of(alg::kSha256, {})};
                   set_pcrs(s.stage, {});
                   s.expected.measurement = std::vector<Buffer>{s.stage.quote.pcr_digest};
                 }});
  out.push_back({.name = "value_missing", .id = "quote.pcr_values", .after = [](Made& m) {
                   m.evidence.pcrs.pop_back();
                 }});
  out.push_back({.name = "value_changed", .id = "quote.pcr_digest", .after = [](Made& m) {
                   m.evidence.pcrs[0][0] ^= 1U;
                 }});
  out.push_back({.name = "signer_of_another_hash", .id = "quote.signer", .before = [](Scene& s) {
                   s.stage.quote.qualified_signer[1] = alg::kSha384;
                 }});
  out.push_back({.name = "signature_trailing_octet", .id = "signature.form", .after = [](Made& m) {
                   m.evidence.signature.push_back(0);
                 }});
  out.push_back({.name = "signature_sha1", .id = "signature.hash", .after = [](Made& m) {
                   m.evidence.signature[3] = alg::kSha1;
                 }});
  out.push_back({.name = "signature_changed", .id = "quote.signature", .after = [](Made& m) {
                   m.evidence.signature.back() ^= 1U;
                 }});
  out.push_back({.name = "ecdsa_signature_changed",
                 .id = "quote.signature",
                 .face = kKeyFace,
                 .after = [](Made& m) { m.evidence.signature.back() ^= 1U; }});
}

// trust_good_root puts the root of the good stage where the trusted one is expected, beside the one
// that is there.
void trust_good_root(Made& made, const Face& face) {
  Made good = make(good_stage(face));
  Buffer other = std::exchange(document(made, "root_ca.pem"), document(good, "root_ca.pem"));
  made.documents.documents.push_back({"other_root.pem", std::move(other)});
}

void add_ak_cases(std::vector<Case>& out) {
  out.push_back(
      {.name = "ak_cut", .id = "ak.form", .after = [](Made& m) { m.evidence.ak.pop_back(); }});
  const auto without = [&](const char* name, std::uint32_t bit) {
    out.push_back({.name = name, .id = "ak.attributes", .before = [bit](Scene& s) {
                     s.stage.ak.attributes &= ~bit;
                   }});
  };
  without("ak_not_restricted", attribute::kRestricted);
  without("ak_not_fixed_tpm", attribute::kFixedTpm);
  without("ak_not_fixed_parent", attribute::kFixedParent);
  without("ak_not_of_the_tpm", attribute::kSensitiveDataOrigin);
  without("ak_not_signing", attribute::kSign);
  out.push_back({.name = "ak_decrypts", .id = "ak.attributes", .before = [](Scene& s) {
                   s.stage.ak.attributes |= attribute::kDecrypt;
                 }});
  out.push_back({.name = "another_scheme", .id = "ak.scheme", .before = [](Scene& s) {
                   s.stage.ak.scheme = alg::kRsapss;
                 }});
  out.push_back({.name = "another_hash", .id = "ak.scheme", .before = [](Scene& s) {
                   s.stage.ak.scheme_hash = alg::kSha384;
                 }});
  out.push_back({.name = "no_certificate",
                 .id = "ak_certificate.present",
                 .open = true,
                 .after = [](Made& m) { drop(m, "ak.der"); }});
  out.push_back(
      {.name = "no_intermediate", .id = "ak_chain.present", .open = true, .after = [](Made& m) {
         drop(m, "intermediate.der");
       }});
  out.push_back({.name = "another_root",
                 .id = "ak.root",
                 .before = [](Scene& s) { certify_by(s.stage, keys_of("two")); },
                 .after = [](Made& m) { trust_good_root(m, kFaces[kChainFace]); }});
  out.push_back({.name = "another_ak",
                 .id = "ak.root",
                 .face = kKeyFace,
                 .before =
                     [](Scene& s) {
                       s.stage.keys = &keys_of("two");
                       s.stage.ak.x = public_of(s.stage.keys->ak_p256.public_key(), 0, 0, 0).x;
                       s.stage.ak.y = public_of(s.stage.keys->ak_p256.public_key(), 0, 0, 0).y;
                     },
                 .after = [](Made& m) { trust_good_root(m, kFaces[kKeyFace]); }});
}

pki::Extension for_an_ek() {
  codec::DerWriter oid;
  oid.oid(*codec::der_oid("2.23.133.8.1"));  // tcg-kp-EKCertificate
  codec::DerWriter list;
  list.element(codec::der_tag::kSequence, oid.view());
  return {.oid = *codec::der_oid("2.5.29.37"), .critical = false, .value = list.take()};
}

void add_chain_cases(std::vector<Case>& out) {
  out.push_back({.name = "chain_signature", .id = "ak_chain.signature", .after = [](Made& m) {
                   document(m, "intermediate.der").back() ^= 1U;
                 }});
  out.push_back({.name = "nameless", .id = "ak_chain.names", .before = [](Scene& s) {
                   s.stage.ak_certificate.subject = *pki::make_name({});
                   s.stage.ak_certificate.extensions.pop_back();
                 }});
  out.push_back({.name = "certificate_of_an_ek",
                 .id = "ak_chain.constraints",
                 .before = [](Scene& s) { s.stage.ak_certificate.extensions[2] = for_an_ek(); }});
  out.push_back(
      {.name = "certificate_of_a_ca", .id = "ak_chain.constraints", .before = [](Scene& s) {
         s.stage.ak_certificate.extensions.push_back(
             pki::basic_constraints_extension({.ca = true, .path_len = {}}));
       }});
  out.push_back(
      {.name = "certificate_not_signing", .id = "ak_chain.constraints", .before = [](Scene& s) {
         s.stage.ak_certificate.extensions[0] = pki::key_usage_extension(pki::key_usage::kCrlSign);
       }});
  out.push_back({.name = "certificate_of_tomorrow",
                 .id = "ak_chain.not_before",
                 .before = [](Scene& s) { s.stage.ak_certificate.not_before = kTomorrow; }});
  out.push_back({.name = "certificate_expired", .id = "ak_chain.not_after", .before = [](Scene& s) {
                   s.stage.ak_certificate.not_after = kYesterday;
                 }});
  out.push_back({.name = "marked_under_hardware",
                 .id = "ak_chain.development_mark",
                 .vector = false,
                 .before = [](Scene& s) { s.root_of_hardware = true; }});
  out.push_back({.name = "no_crl", .id = "crl.present", .open = true, .after = [](Made& m) {
                   drop(m, "ak.crl");
                 }});
  out.push_back({.name = "crl_expired", .id = "crl.valid", .before = [](Scene& s) {
                   s.stage.intermediate_crl.next_update = kYesterday;
                 }});
  out.push_back({.name = "crl_of_tomorrow", .id = "crl.valid", .before = [](Scene& s) {
                   s.stage.root_crl.this_update = kTomorrow;
                 }});
  out.push_back({.name = "crl_changed", .id = "crl.signature", .after = [](Made& m) {
                   document(m, "ak.crl").back() ^= 1U;
                 }});
  out.push_back({.name = "ak_revoked", .id = "ak_chain.revocation", .before = [](Scene& s) {
                   s.stage.intermediate_crl.revoked = {{.serial = {3}, .revoked_at = kFrom}};
                 }});
  out.push_back(
      {.name = "intermediate_revoked", .id = "ak_chain.revocation", .before = [](Scene& s) {
         s.stage.root_crl.revoked = {{.serial = {2}, .revoked_at = kFrom}};
       }});
}

void add_log_cases(std::vector<Case>& out) {
  out.push_back({.name = "log_cut", .id = "event_log.form", .after = [](Made& m) {
                   document(m, "binary_bios_measurements").pop_back();
                 }});
  out.push_back({.name = "separator_twice", .id = "event_log.events", .before = [](Scene& s) {
                   auto& events = s.stage.log.events;
                   for (std::size_t i = 0; i < events.size(); ++i) {
                     if (events[i].type != tcg::event_type::kSeparator) continue;
                     events.push_back(events[i]);
                     break;
                   }
                   quote_logs(s.stage);
                   s.expected = expectations_of(s.stage);
                 }});
  out.push_back({.name = "log_of_another_boot", .id = "event_log.pcrs", .before = [](Scene& s) {
                   s.stage.log.events[0].digests[0].value[0] ^= 1U;
                 }});
  out.push_back({.name = "ima_path_changed", .id = "ima_log.form", .before = [](Scene& s) {
                   s.stage.ima[1].fields[1][0] ^= 1U;
                 }});
  out.push_back({.name = "ima_log_of_another_boot", .id = "ima_log.pcr", .before = [](Scene& s) {
                   s.stage.ima.erase(s.stage.ima.begin() + 1);
                 }});
}

// What policy and caller demand.
void add_policy_cases(std::vector<Case>& out) {
  const auto other = [](attest::Expected& expected) {
    std::get<std::vector<Buffer>>(expected)[0][0] ^= 1U;
  };
  out.push_back({.name = "report_data",
                 .id = "report_data.expected",
                 .vector = false,
                 .before = [other](Scene& s) { other(s.expected.report_data); }});
  out.push_back({.name = "measurement",
                 .id = "measurement.expected",
                 .vector = false,
                 .before = [other](Scene& s) { other(s.expected.measurement); }});
  out.push_back(
      {.name = "workload", .id = "workload.expected", .vector = false, .before = [other](Scene& s) {
         other(s.expected.workload);
       }});
  out.push_back({.name = "development",
                 .id = "platform.development",
                 .vector = false,
                 .before = [](Scene& s) { s.policy.allow_development = false; }});
}

}  // namespace

const std::vector<Case>& all_cases() {
  static const std::vector<Case> kCases = [] {
    std::vector<Case> out;
    add_quote_cases(out);
    add_ak_cases(out);
    add_chain_cases(out);
    add_log_cases(out);
    add_policy_cases(out);
    return out;
  }();
  return kCases;
}

Scene good_scene(const Face& face) {
  Scene out{.stage = good_stage(face)};
  out.expected = expectations_of(out.stage);
  return out;
}

Staged play(const Case& c) {
  Staged out{.scene = good_scene(kFaces[c.face])};
  c.before(out.scene);
  Made made = make(out.scene.stage, out.scene.attest);
  c.after(made);
  out.evidence = made.octets();
  c.octets(out.evidence);
  out.documents = std::move(made.documents);
  return out;
}

}  // namespace ward::tpm::stage
