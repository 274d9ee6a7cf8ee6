#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "broker/rego.h"
#include "crypto/digest.h"
#include "policy/rego/policy.h"

namespace ward::wardd {

// RegoPolicies binds the broker to the engine for policies in Rego. It remembers the policies that
// it loaded last, by the digest of their text; never an answer. Safe from several threads.
class RegoPolicies final : public broker::RegoEngine {
 public:
  // Policies that are loaded at the same time, however many a service has.
  static constexpr std::size_t kRemembered = 64;

  [[nodiscard]] std::optional<std::string> check(std::string_view text,
                                                 broker::RegoContract contract) const override;
  [[nodiscard]] Result<void, broker::RegoRefusal> allow(
      std::string_view text, const broker::RegoDocuments& documents) const override;
  [[nodiscard]] Result<broker::RegoSaid, broker::RegoRefusal> trust_claims(
      std::string_view text, const broker::RegoDocuments& documents) const override;

 private:
  using Loaded = std::shared_ptr<const policy::rego::Policy>;

  [[nodiscard]] Result<Loaded, policy::rego::LoadError> load(std::string_view text) const;

  mutable std::mutex mutex_;
  mutable std::list<std::pair<crypto::Sha256Digest, Loaded>> loaded_;  // the last used in front
};

}  // namespace ward::wardd
