#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

// Policies in Rego as the broker sees them (docs/policies.md): apps/wardd binds them to the engine.
namespace ward::broker {

// RegoContract is what a policy answers.
enum class RegoContract : std::uint8_t {
  kTrustClaims,  // for evidence: the trustworthiness vector
  kRelease,      // for results: whether a resource is released
};

// RegoDocuments are what a policy is asked with: JSON texts, borrowed during the call. An empty one
// is {}.
struct RegoDocuments {
  std::string_view input;             // the claims of the evidence, or those of the token
  std::string_view data;              // of a release: plugin, resource-path, query
  std::string_view reference_values;  // for evidence: by id
  UnixTime now;                       // the appraisal's, or the release's
};

// RegoRefusal is why a policy gave nothing.
struct RegoRefusal {
  bool undetermined = false;  // it went over a limit, or there is no engine: nothing is known
  std::string reason;         // rule, expressions with their places, values; bounded
};

// RegoClaims are AR4SI's claims by name ("file-system"), each once.
using RegoClaims = std::vector<std::pair<std::string, std::int8_t>>;

// RegoExtensions are what a policy states beside them, name and JSON, each name once.
using RegoExtensions = std::vector<std::pair<std::string, std::string>>;

// RegoSaid is what a policy for evidence answers.
struct RegoSaid {
  RegoClaims claims;
  RegoExtensions extensions;
  // Where a claim is neither affirming nor silent: rules, expressions with their places, values,
  // and the reference values that there are not; bounded.
  std::string reason{};
};

inline constexpr std::size_t kMaxRegoReason = 2048;
inline constexpr std::size_t kMaxRegoExtensions = std::size_t{16} << 10U;  // octets, all together

// RegoEngine evaluates policies. Safe from several threads. What is undefined never passes.
class RegoEngine {
 public:
  RegoEngine() = default;
  RegoEngine(const RegoEngine&) = delete;
  RegoEngine& operator=(const RegoEngine&) = delete;
  virtual ~RegoEngine() = default;

  // check says what is wrong with a text, with line and column; nullopt where it may be set.
  [[nodiscard]] virtual std::optional<std::string> check(std::string_view text,
                                                         RegoContract contract) const = 0;

  // allow asks a policy for results: nothing but `true` releases.
  [[nodiscard]] virtual Result<void, RegoRefusal> allow(std::string_view text,
                                                        const RegoDocuments& documents) const = 0;

  // trust_claims asks a policy for evidence.
  [[nodiscard]] virtual Result<RegoSaid, RegoRefusal> trust_claims(
      std::string_view text, const RegoDocuments& documents) const = 0;
};

}  // namespace ward::broker
