#include "broker/facts.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "attest/workload.h"
#include "codec/jcs.h"
#include "crypto/digest.h"
#include "token/ear.h"

namespace ward::broker {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

Error missing() { return {Errc::kMalformed, "broker.facts: ward.facts"}; }

Result<Buffer> hex_member(const JsonValue& object, std::string_view name) {
  const JsonValue* member = object.find(name);
  const auto text = member != nullptr ? member->as_string() : std::nullopt;
  auto octets = text ? from_hex(*text) : std::nullopt;
  if (!octets) return missing();
  return *std::move(octets);
}

// What stands beside the TEE's claims and is, or may be, of the attester's own words.
constexpr std::array<std::string_view, 4> kNotOfTheTee = {"runtime_data_claims", "init_data_claims",
                                                          "report_data", "init_data"};

// facts_member finds `ward.facts` below the claims of the TEE, which stand alone beside those: the
// only ones that the verifier wrote. nullptr where there are others.
const JsonValue* facts_member(const JsonValue& claims) {
  const JsonValue* at = &claims;
  for (const char* name : {"submods", "cpu0", "ear.veraison.annotated-evidence"}) {
    at = at->find(name);
    if (at == nullptr) return nullptr;
  }
  const JsonValue* facts = nullptr;
  for (const auto& [name, value] : at->members()) {
    if (std::ranges::find(kNotOfTheTee, name) != kNotOfTheTee.end()) continue;
    if (facts != nullptr) return nullptr;
    facts = value.find("ward.facts");
    if (facts == nullptr) return nullptr;
  }
  return facts;
}

// is_report_data is true of the claim that stands beside the TEE's in every result.
bool is_report_data(const attest::Claim& claim, const attest::Facts& facts) {
  const auto* octets = std::get_if<Buffer>(&claim.value);
  return claim.name == "report_data" && octets != nullptr && *octets == facts.report_data;
}

std::optional<std::string> tcb_status_of(const attest::Appraisal& appraisal) {
  if (appraisal.facts.tcb_status_check == nullptr && !appraisal.tcb.status) return kNoTcbStatus;
  return appraisal.tcb.status;
}

constexpr std::size_t kLeastDigest = 32;  // no shorter piece of a digest names anything

// placed_in is a digest in a field of so many octets: cut, or with zeros behind it.
Buffer placed_in(std::size_t size, Bytes digest) {
  Buffer out = to_buffer(digest);
  out.resize(size);
  return out;
}

// is_extended is true where a PCR, which begins as zeros, was extended with the digest alone.
bool is_extended(Bytes field, Bytes digest) {
  const Buffer before(field.size());
  const Buffer both = concat({before, placed_in(field.size(), digest)});
  if (field.size() == crypto::sha256({}).size()) return equal(field, crypto::sha256(both));
  return field.size() == crypto::sha384({}).size() && equal(field, crypto::sha384(both));
}

}  // namespace

void write_claim(JsonWriter& w, const attest::ClaimValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    w.boolean(*flag);
  } else if (const auto* number = std::get_if<std::uint64_t>(&value)) {
    // RFC 8785 numbers are doubles: what one cannot hold is written as text.
    constexpr std::uint64_t kExact = std::uint64_t{1} << 53U;
    if (*number <= kExact) {
      w.unsigned_integer(*number);
    } else {
      w.string(std::to_string(*number));
    }
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    w.string(*text);
  } else if (const auto* octets = std::get_if<Buffer>(&value)) {
    w.string(to_hex(*octets));
  } else {
    w.begin_array();
    for (const std::string& one : std::get<std::vector<std::string>>(value)) {
      w.string(one);
    }
    w.end_array();
  }
}

Facts facts_of(const attest::Appraisal& appraisal, std::string_view tee_pubkey) {
  return {.tee = appraisal.tee,
          .verdict = to_text(appraisal.verdict),
          .unchecked = appraisal.unchecked,
          .workload = appraisal.facts.workload,
          .runtime = appraisal.facts.measurement,
          .signer = appraisal.facts.signer,
          .debug = appraisal.facts.debug,
          .tcb_status = tcb_status_of(appraisal),
          .development = appraisal.development,
          .tee_pubkey = std::string(tee_pubkey)};
}

bool were_compared(const Facts& facts) {
  return facts.verdict == to_text(attest::Verdict::kAccepted) &&
         std::ranges::none_of(facts.unchecked, [](const std::string& name) {
           return name == "report_data" || name == "measurement";
         });
}

Result<std::string> tee_claims(const attest::Appraisal& appraisal,
                               std::optional<protocol::kbs::Version> protocol) {
  const attest::Facts& facts = appraisal.facts;
  JsonWriter w;
  w.begin_object();
  for (const attest::Claim& claim : appraisal.claims) {
    if (is_report_data(claim, facts)) continue;
    w.name(claim.name);
    write_claim(w, claim.value);
  }
  w.name("ward.facts").begin_object().member("tee", appraisal.tee);
  w.member("workload", to_hex(facts.workload)).member("runtime", to_hex(facts.measurement));
  w.member("signer", to_hex(facts.signer)).member("debug", facts.debug);
  w.member("tcb_status", tcb_status_of(appraisal));
  if (protocol) w.member("protocol", to_text(*protocol));
  return w.end_object().end_object().take();
}

Result<Facts> read_facts(const JsonValue& claims) {
  WARD_TRY(const token::EarView view, token::view_ear(claims));
  if (view.profile != token::EarProfile::kTrustee) return Error(Errc::kUnsupported, "ear: profile");
  if (view.submods.size() != 1 || view.submods.front().name != "cpu0") return missing();
  const auto& submod = view.submods.front();
  const JsonValue* member = facts_member(claims);
  if (member == nullptr || submod.tee_pubkey == nullptr) return missing();

  Facts out;
  out.verdict = submod.verdict;
  out.unchecked = submod.unchecked;
  out.development = submod.development;
  WARD_TRY(out.tee_pubkey, codec::canonical_json(*submod.tee_pubkey));
  WARD_TRY(out.workload, hex_member(*member, "workload"));
  WARD_TRY(out.runtime, hex_member(*member, "runtime"));
  WARD_TRY(out.signer, hex_member(*member, "signer"));
  const JsonValue* tee = member->find("tee");
  const JsonValue* debug = member->find("debug");
  const JsonValue* status = member->find("tcb_status");
  if (tee == nullptr || debug == nullptr || status == nullptr || !tee->as_string()) {
    return missing();
  }
  out.tee = std::string(*tee->as_string());
  out.debug = debug->as_bool();
  if (const auto text = status->as_string()) out.tcb_status = std::string(*text);
  const JsonValue* protocol = member->find("protocol");
  const auto version = protocol != nullptr && protocol->as_string()
                           ? protocol::kbs::version_of(*protocol->as_string())
                           : std::nullopt;
  if (!version) return missing();
  out.protocol = *version;
  return out;
}

bool carries_digest(Bytes field, Bytes digest) {
  const auto expected = attest::workload_field(digest, field.size());
  return expected && equal(field, *expected);
}

bool names_workload(Bytes digest, Bytes field) {
  if (digest.size() < kLeastDigest || field.size() < kLeastDigest) return false;
  if (equal(digest.first(kLeastDigest), field.first(kLeastDigest))) return true;
  return is_extended(field, digest);
}

bool carries_init_data(const attest::Facts& facts, Bytes digest) {
  const Bytes field = facts.workload;
  if (digest.size() < kLeastDigest || field.size() < kLeastDigest) return false;
  return facts.workload_is_extended ? is_extended(field, digest)
                                    : equal(field, placed_in(field.size(), digest));
}

}  // namespace ward::broker
