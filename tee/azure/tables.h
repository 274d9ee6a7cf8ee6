#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "attest/scheme.h"

// What Azure's evidence takes over from the TEEs that it is made of: their checks and fields, each
// under its own id behind "azure.": "azure.snp.vek.tcb". They are read from their schemes, so that
// what is added there is here as well.
namespace ward::azure {

// Tables are the checks and fields of this TEE, its own and those taken over. Immutable.
class Tables {
 public:
  // all are those of this build; they live for ever.
  [[nodiscard]] static const Tables& all();

  // checks are the verifier's own, those taken over, policy's and the fields', in this order.
  [[nodiscard]] std::span<const attest::CheckInfo> checks() const { return checks_; }

  // of_verifier are the first two of them.
  [[nodiscard]] std::span<const attest::CheckInfo> of_verifier() const {
    return checks().first(policy_at_);
  }

  [[nodiscard]] std::span<const attest::CheckInfo> of_policy() const {
    return checks().subspan(policy_at_, fields_at_ - policy_at_);
  }

  [[nodiscard]] std::span<const attest::CheckInfo> of_fields() const {
    return checks().subspan(fields_at_);
  }

  [[nodiscard]] std::span<const attest::FieldInfo> fields() const { return fields_; }

  // anchors, products and statuses are those of the hardware's TEEs.
  [[nodiscard]] std::span<const attest::Anchor> anchors() const { return anchors_; }

  [[nodiscard]] std::span<const char* const> products() const { return products_; }

  // find is this TEE's check for one of another's; null where it was not taken over.
  [[nodiscard]] const attest::CheckInfo* find(const attest::CheckInfo* other) const;

  // index is the place of one of these checks in the table.
  [[nodiscard]] std::size_t index(const attest::CheckInfo* own) const;

 private:
  struct Build;

  Tables() = default;

  std::vector<attest::CheckInfo> checks_;
  std::vector<const attest::CheckInfo*> others_;  // whose each is, by place; null for its own
  std::vector<attest::FieldInfo> fields_;
  std::vector<attest::Anchor> anchors_;
  std::vector<const char*> products_;
  std::vector<std::unique_ptr<const std::string>> texts_;  // that ids and names of claims point to
  std::size_t policy_at_ = 0;
  std::size_t fields_at_ = 0;
};

}  // namespace ward::azure
