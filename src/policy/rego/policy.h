#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diag.h"
#include "base/result.h"
#include "base/time.h"

// Policies in Rego, with the contract that Trustee's users write to (docs/adr/rego-by-regorus.md).
// What is undefined is refused, never passed. The same policy, documents and time give the same
// answer for ever.
namespace ward::policy::rego {

class EnginePolicy;

inline constexpr std::size_t kMaxPolicyBytes = 256U << 10U;
inline constexpr std::size_t kMaxExplained = 2;               // rules, by one call of Policy::why
inline constexpr std::size_t kMaxDocumentBytes = 16U << 20U;  // each

// Bounds of one evaluation. Steps are the engine's, the same on every machine; time ends what few
// steps make long, and depends on the machine.
struct Limits {
  std::uint64_t max_steps = 1'000'000;
  std::uint64_t max_memory_bytes = 32U << 20U;  // beyond the documents
  std::uint64_t max_time_ms = 2'000;            // of the wall
};

// LoadError says why a text is no policy.
struct LoadError {
  Errc code = Errc::kMalformed;  // kUnsupported: this build has no engine; kUnavailable: no thread
  std::string file;              // as the caller named it
  std::vector<Diag> faults;      // one at least
};

// to_text writes a line a fault: "policy.rego:5:3: the built-in `http.send` is not allowed ...".
[[nodiscard]] std::string to_text(const LoadError& error);

// The rules by which a policy answers. A policy may keep several.
enum class Contract : std::uint8_t {
  kTrustClaims,  // `trust_claims`, of Trustee since 2025, and `extensions`
  kTrustRules,   // `executables`, `hardware`, ... beside each other, of Trustee up to 2025
  kRelease,      // `allow`
};

[[nodiscard]] std::string_view to_text(Contract contract);

// Documents are what a policy is asked about: JSON texts, borrowed during the call. An empty one
// is {}.
struct Documents {
  std::string_view input;  // of an attestation policy: claims; of a release: the token's
  std::string_view data;   // an object: `data`. Empty: {"reference": reference_values} for claims
  std::string_view reference_values;  // an object, id to value
  UnixTime now;                       // time.now_ns: the appraisal's
  Limits limits = {};
};

// Condition is an expression of a rule and what it came to.
struct Condition {
  enum class Outcome : std::uint8_t {
    kFalse,
    kUndefined,  // an operand has no value
    kHolds,      // the body's last: the rule has this body's value
    kUnknown,    // could not be told apart within the limits
  };

  std::string rule;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string expression;
  Outcome outcome = Outcome::kUnknown;
  std::vector<std::pair<std::string, std::string>> values;  // operand, its value as JSON
};

// Refusal is why a policy gave nothing.
struct Refusal {
  // Over a limit, or the engine could not work: nothing is known about what was asked, and the
  // answer must not be kept.
  bool undetermined = false;
  std::string rule;
  std::string reason;                 // one line; names the rule
  std::vector<Condition> conditions;  // of a rule that is false or undefined
};

// to_text writes the reason, and a line for each condition: "policy.rego:5:3: allow: EXPRESSION is
// false (OPERAND is VALUE)".
[[nodiscard]] std::string to_text(const Refusal& refusal, std::string_view file);

// TrustClaims is what an attestation policy says of evidence (AR4SI's trustworthiness vector).
struct TrustClaims {
  std::vector<std::pair<std::string, std::int8_t>> claims;  // by name, with '-': "file-system"
  // A JSON object, or a list of objects with a name each; empty: none.
  std::string extensions;
};

// Policy is one that was loaded. Const calls may come from several threads.
class Policy {
 public:
  // load reads `text`, which reports call `file`. v1 syntax where it parses as that, else v0.
  [[nodiscard]] static Result<Policy, LoadError> load(std::string_view text, std::string_view file);

  Policy(Policy&&) noexcept;
  Policy& operator=(Policy&&) noexcept;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  ~Policy();

  [[nodiscard]] const std::string& file() const { return file_; }

  [[nodiscard]] const std::string& syntax() const { return syntax_; }  // "v0", "v1"

  [[nodiscard]] const std::vector<std::string>& rules() const { return rules_; }

  [[nodiscard]] const std::vector<std::string>& builtins() const { return builtins_; }

  [[nodiscard]] bool has_rule(std::string_view name) const;
  [[nodiscard]] bool keeps(Contract contract) const;

  // trust_claims asks an attestation policy, of either generation. Reference values are given by
  // query_reference_value and as data.reference. A rule that has no value, no integer from -128 to
  // 127, or a claim that AR4SI does not know is refused.
  [[nodiscard]] Result<TrustClaims, Refusal> trust_claims(const Documents& documents) const;

  // allow asks a release policy: nothing but `true` releases.
  [[nodiscard]] Result<void, Refusal> allow(const Documents& documents) const;

  // value evaluates any rule to JSON text.
  [[nodiscard]] Result<std::string, Refusal> value(std::string_view rule,
                                                   const Documents& documents) const;

  // why says by which expressions the rules of these claims ("file-system") came to their values, a
  // line each with its place and what it saw, and which reference values they name that there are
  // not. Of the first kMaxExplained rules; empty where nothing can be told.
  [[nodiscard]] std::string why(const std::vector<std::string>& claims,
                                const Documents& documents) const;

  // explain says what the bodies of a rule came to.
  [[nodiscard]] std::vector<Condition> explain(std::string_view rule,
                                               const Documents& documents) const;

 private:
  Policy(std::string file, std::unique_ptr<EnginePolicy> engine);

  [[nodiscard]] std::optional<LoadError> describe(std::string_view report);

  std::string file_;
  std::string syntax_;
  std::vector<std::string> rules_;
  std::vector<std::string> builtins_;
  std::unique_ptr<EnginePolicy> engine_;
};

// engine is what evaluates: "regorus 0.14.1", or empty in a build without it.
[[nodiscard]] std::string_view engine();

}  // namespace ward::policy::rego
