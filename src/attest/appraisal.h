#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "attest/check.h"
#include "attest/field.h"
#include "base/bytes.h"
#include "base/time.h"

namespace ward::attest {

enum class Verdict : std::uint8_t {
  kAccepted,      // every check that was asked for passed
  kRefused,       // at least one check failed
  kUndetermined,  // none failed, but something needed was absent
};

[[nodiscard]] const char* to_text(Verdict verdict);  // "accepted", "refused", "undetermined"

// Claim is one statement of the evidence, under its specification's name. Octets are printed as
// lower-case hex.
using ClaimValue = std::variant<bool, std::uint64_t, std::string, Buffer, std::vector<std::string>>;

// Claim is one fact that the evidence states, under its specification's name.
struct Claim {
  std::string name;
  ClaimValue value;
};

// TcbPart is one of the levels that a platform's status is joined from.
struct TcbPart {
  std::string name;  // for people: "TCB info", "QE identity"
  std::string status;
  std::vector<std::string> advisories;
};

// Tcb is the platform's security version as its maker judges it.
struct Tcb {
  std::optional<std::string>
      status;  // in the maker's words; nullopt where no level matches or none could be looked up
  std::vector<std::string> advisories;  // sorted, each once
  std::optional<UnixTime> date;
  std::optional<std::uint64_t> evaluation_number;
  std::vector<TcbPart> parts;
  // What stands between the platform and the newest level that its maker lists, a sentence each.
  std::vector<std::string> behind;
};

// Anchor is a root of trust, pinned by the SHA-256 of its SubjectPublicKeyInfo.
struct Anchor {
  std::array<std::uint8_t, 32> spki_sha256{};
  std::string name;  // for people: "Intel SGX Root CA"
  bool development =
      false;  // not a TEE: results are marked, and refused unless the policy says allow_development
  std::string tee{};  // the one that it vouches for; "": each, as pinned and development roots do
  bool bare_key = false;  // named as a key, not as a certificate: where a TEE has both, it signs
                          // evidence and vouches for no certificate
};

// value_texts is a claim's value as policies name it: "true", a decimal number, lower-case hex, or
// the text itself; of a list each item.
[[nodiscard]] std::vector<std::string> value_texts(const ClaimValue& value);

// FieldFact is a field of this TEE alone that a policy may demand values of, under its own check.
struct FieldFact {
  const CheckInfo* check = nullptr;
  FieldForm form;
  std::vector<std::string> values;  // value_texts; none where nothing states the field
};

// MemoryKept is how a TEE keeps the workload's memory from the host.
enum class MemoryKept : std::uint8_t {
  kUnsaid,     // it vouches for no workload's memory, or nobody says
  kIsolated,   // by access control alone
  kEncrypted,  // by access control and encryption
};

// Facts are what every TEE's evidence says, under one name each, so that policies need no knowledge
// of a TEE. Each comes with the TEE's own check that a policy's answer is recorded under.
struct Facts {
  const CheckInfo* tcb_status_check = nullptr;
  const CheckInfo* tcb_evaluation_check = nullptr;
  const CheckInfo* debug_check = nullptr;
  const CheckInfo* report_data_check = nullptr;
  const CheckInfo* measurement_check = nullptr;
  const CheckInfo* workload_check = nullptr;
  const CheckInfo* development_check = nullptr;
  const CheckInfo* tcb_date_check = nullptr;
  const CheckInfo* tcb_advisories_check = nullptr;
  const CheckInfo* product_check = nullptr;
  const CheckInfo* chip_check = nullptr;
  std::vector<FieldFact> fields;                    // all that policies may name
  std::vector<const CheckInfo*> revocation_checks;  // that a policy may do without
  bool tcb_matched = false;  // a TCB level was found: tcb.status may be judged

  // Set by appraise(): the policy named accepted values, or a least value above 0, of a part of the
  // platform's security version (FieldForm::of_tcb).
  bool tcb_demanded = false;
  std::optional<bool> debug;
  std::vector<std::string> products;  // every name that the processor has, or may have
  std::vector<Buffer> chips;          // what the maker's certificate calls this chip or platform
  std::vector<Buffer> devices;  // what tells each device apart whose evidence this is, by keys that
                                // signed; empty: one, which nothing tells from others but its chips
  Buffer report_data;           // whole field
  Buffer measurement;           // the launch measurement (MRENCLAVE, MRTD, MEASUREMENT)
  Buffer workload;  // the field that carries the manifest's digest (CONFIGID, MRCONFIGID,
                    // HOST_DATA), whole
  bool workload_is_extended = false;  // it is a PCR, which began as zeros
  Buffer signer;  // who signed the workload (MRSIGNER, ID key digest); empty where there is none
  MemoryKept memory = MemoryKept::kUnsaid;  // from the machine's host, by the TEE's architecture

  // Of a TEE without a measurement: the fields that say what runs. Where a policy names accepted
  // values of none of them, the first counts among what was not checked.
  std::span<const char* const> measured_by{};
  // A warning, said where measurement and workload were not both compared; null: none.
  const char* warns_unless_both = nullptr;
};

// Findings are what a scheme found out: claims and check outcomes, never a bool.
struct Findings {
  std::string tee;  // "sgx"
  std::vector<Check> checks;
  std::vector<Claim> claims;
  std::vector<std::string> notes;     // collateral that was passed over, and the like; for people
  std::vector<std::string> warnings;  // what weakens the verdict, whatever it is: first to be read
  Tcb tcb;
  Facts facts;
  bool development = false;  // the chain ends in a development anchor
};

// Unchecked says aloud that a value is not compared. It shows in the appraisal as not_done.
struct Unchecked {};

// Expected is a list of acceptable values of one field, or Unchecked. An empty list accepts
// nothing.
using Expected = std::variant<Unchecked, std::vector<Buffer>>;

// Policy is the verifier owner's policy for evidence, the declarative part. The default accepts the
// maker's best status alone, and neither debug nor development.
struct Policy {
  std::string name = "default policy";
  std::vector<std::string> accepted_tcb{"UpToDate"};
  bool accept_any_tcb = false;  // any status but Revoked; never a platform without a matching level
  bool allow_debug = false;
  bool allow_development = false;
  std::optional<std::uint64_t> min_tcb_evaluation;
  std::optional<UnixTime> min_tcb_date;

  // Advisories that are tolerated up to and including a time. A status that is not accepted passes
  // where each of its parts that is not accepted names advisories, and all of them are tolerated.
  // Never Revoked.
  std::map<std::string, UnixTime> tolerated{};

  // Products that are refused by name, whatever else is right.
  std::vector<std::string> refused_products{};

  // The chips that are accepted, by any of the names that the maker's certificate has for them.
  // An id that is shorter than its field is filled with zeros behind.
  std::optional<std::vector<Buffer>> chips{};

  // False: where no revocation list of the maker's was given, revocation counts among what was not
  // checked instead of leaving the verdict undetermined. Of TEEs whose lists are optional alone.
  bool require_revocation = true;

  // The values that are accepted of a TEE's own fields, by the check's id
  // ("tdx.td_attributes.sept_ve_disable": "true"), those that are refused, and the least that is
  // accepted; all that are named of a field must hold. A field that none names is judged only where
  // the TEE demands a value of its own (FieldForm::usual). An id of another TEE has no bearing.
  std::map<std::string, std::vector<std::string>> accepted_values{};
  std::map<std::string, std::vector<std::string>> refused_values{};
  std::map<std::string, std::string> minimum_values{};
};

// named_fields are the ids of all fields that the policy demands something of.
[[nodiscard]] std::set<std::string> named_fields(const Policy& policy);

// Appraisal is the verdict with every reason: what the scheme found out, then what policy and
// caller demand. The values of its facts are authentic only where `genuine`.
struct Appraisal : Findings {
  Verdict verdict = Verdict::kRefused;
  UnixTime at;                         // the time that the evidence was appraised as of
  std::vector<std::string> unchecked;  // "report_data", "measurement": what nobody asked for
  bool genuine = false;  // every check of the TEE itself passed: the maker vouches for what the
                         // evidence says, whether policy and caller like it or not

  // check returns the entry with this id, or nullptr; borrowed.
  [[nodiscard]] const Check* check(std::string_view id) const;

  // failed lists the ids of all failed checks, in order.
  [[nodiscard]] std::vector<std::string> failed() const;
};

// Expectations are what the caller compares the evidence with. There is no default: the caller
// spells Unchecked{}.
struct Expectations {
  Expected report_data;  // shorter values are not padded: give the whole field
  Expected measurement;
  Expected workload;
};

// Slate is an appraisal that one thread writes again and again: what its texts and lists occupy is
// used for the next, so that nothing need be allocated.
class Slate {
 public:
  [[nodiscard]] const Appraisal& appraisal() const { return appraisal_; }

  // take hands the appraisal over; the slate is empty then.
  [[nodiscard]] Appraisal take();

  // wipe makes it ready for a scheme to write its findings: no outcome is left of what was there.
  [[nodiscard]] Findings& wipe();

  // judge applies policy and expectations to the findings and reaches the verdict. Pure.
  void judge(const Policy& policy, const Expectations& expected, UnixTime at);

  // add_check gives the next entry of the list of checks, with what it held before but neither an
  // outcome nor texts.
  Check& add_check(const CheckInfo& info);

 private:
  Appraisal appraisal_;
  std::size_t own_checks_ = 0;  // of the scheme
  std::vector<Check> spare_;    // entries that are not on the list now
};

// appraise is Slate::judge for findings that are at hand.
[[nodiscard]] Appraisal appraise(Findings findings, const Policy& policy,
                                 const Expectations& expected, UnixTime at);

// verdict_of reads the verdict off a list of checks: any failed refuses; else any not done for
// another reason than that nobody asked leaves it undetermined. An empty list is refused: nothing
// was shown.
[[nodiscard]] Verdict verdict_of(const std::vector<Check>& checks);

// shared_checks are those that stand in no TEE's own table: what is asked of evidence that has no
// such field.
[[nodiscard]] std::span<const CheckInfo> shared_checks();

// summary is the line for people: "accepted", "refused: sgx.quote.signature", "accepted (platform
// only; not checked: report_data, measurement)".
[[nodiscard]] std::string summary(const Appraisal& appraisal);

}  // namespace ward::attest
