#include "tee/azure/tables.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "attest/fields.h"
#include "tee/azure/checks.h"
#include "tee/snp/checks.h"
#include "tee/snp/scheme.h"
#include "tee/tdx/checks.h"
#include "tee/tdx/scheme.h"
#include "tee/tpm/checks.h"
#include "tee/tpm/scheme.h"

namespace ward::azure {
namespace {

constexpr attest::CheckInfo kOwnChecks[] = {
#define WARD_AZURE_CHECK(name, id, reference, meaning, hint) \
  {"azure." id, reference, meaning, hint},
#define WARD_AZURE_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/azure/checks.def"
#undef WARD_AZURE_CHECK
#undef WARD_AZURE_POLICY_CHECK
};

constexpr attest::CheckInfo kPolicyChecks[] = {
#define WARD_AZURE_CHECK(name, id, reference, meaning, hint)
#define WARD_AZURE_POLICY_CHECK(name, id, reference, meaning, hint) \
  {"azure." id, reference, meaning, hint},
#include "tee/azure/checks.def"
#undef WARD_AZURE_CHECK
#undef WARD_AZURE_POLICY_CHECK
};

constexpr attest::FieldInfo kOwnFields[] = {
#define WARD_FIELD(claim, id, form, reference) {"azure." id, claim, form},
#include "tee/azure/fields.def"
#undef WARD_FIELD
};

constexpr const char* kOwnReferences[] = {
#define WARD_FIELD(claim, id, form, reference) reference,
#include "tee/azure/fields.def"
#undef WARD_FIELD
};

// Another TEE, and how many checks at the head of its table are its verifier's.
struct Other {
  attest::SchemeInfo info;
  std::size_t of_verifier;
};

// What of another TEE has no place here: a TD's own event log, since Azure's paravisor keeps the
// firmware's in the virtual TPM; an AK's attributes, certificate and chain, since the hardware
// vouches for the AK; the TPM's own form of evidence.
bool is_left_out(std::string_view id) {
  static constexpr std::string_view kBegins[] = {
      "tdx.event_log.", "tpm.evidence.", "tpm.ak_certificate.", "tpm.ak_chain.", "tpm.crl."};
  static constexpr std::string_view kIds[] = {"tpm.ak.root", "tpm.ak.attributes", "tpm.ak.name",
                                              "tpm.ak.hierarchy", "tpm.ak.trusted_by"};
  return std::ranges::any_of(kBegins, [&](auto begin) { return id.starts_with(begin); }) ||
         std::ranges::count(kIds, id) > 0;
}

std::vector<Other> others() {
  return {{snp::Snp().info(), static_cast<std::size_t>(snp::CheckId::kEnd)},
          {tdx::Tdx().info(), static_cast<std::size_t>(tdx::check_id(tdx::OwnCheck::kEnd))},
          {tpm::Tpm().info(), static_cast<std::size_t>(tpm::CheckId::kEnd)}};
}

}  // namespace

struct Tables::Build {
  Tables& out;

  const char* text(std::string value) const {
    out.texts_.push_back(std::make_unique<const std::string>(std::move(value)));
    return out.texts_.back()->c_str();
  }

  void take(const attest::CheckInfo& other) const {
    attest::CheckInfo own = other;
    own.id = text("azure." + std::string(other.id));
    out.checks_.push_back(own);
    out.others_.push_back(&other);
  }

  void add(const attest::CheckInfo& own) const {
    out.checks_.push_back(own);
    out.others_.push_back(nullptr);
  }

  void add_fields(const Other& other) const {
    const auto checks = other.info.checks.last(other.info.fields.size());
    for (std::size_t i = 0; i < checks.size(); ++i) {
      if (is_left_out(checks[i].id)) continue;
      take(checks[i]);
      attest::FieldInfo field = other.info.fields[i];
      field.id = out.checks_.back().id;
      field.claim = text(std::string(other.info.name) + "." + field.claim);
      // What one kind of hardware demands, the other's evidence cannot have; it is a check here.
      if (field.id == std::string_view("azure.snp.guest_policy.migrate_ma")) {
        field.form.usual = nullptr;
      }
      out.fields_.push_back(field);
    }
  }

  void fill() const {
    const std::vector<Other> all = others();
    for (const attest::CheckInfo& own : kOwnChecks)
      add(own);
    for (const Other& other : all) {
      for (const attest::CheckInfo& check : other.info.checks.first(other.of_verifier)) {
        if (!is_left_out(check.id)) take(check);
      }
      out.anchors_.insert(out.anchors_.end(), other.info.anchors.begin(), other.info.anchors.end());
      out.products_.insert(out.products_.end(), other.info.products.begin(),
                           other.info.products.end());
    }
    out.policy_at_ = out.checks_.size();
    for (const attest::CheckInfo& own : kPolicyChecks)
      add(own);
    out.fields_at_ = out.checks_.size();
    for (std::size_t i = 0; i < std::size(kOwnFields); ++i) {
      add({kOwnFields[i].id, kOwnReferences[i], attest::kFieldMeaning, attest::kFieldHint});
      out.fields_.push_back(kOwnFields[i]);
    }
    for (const Other& other : all)
      add_fields(other);
  }
};

const Tables& Tables::all() {
  static const Tables kAll = [] {
    Tables out;
    Build{out}.fill();
    return out;
  }();
  return kAll;
}

const attest::CheckInfo* Tables::find(const attest::CheckInfo* other) const {
  const auto at = std::ranges::find(others_, other);
  if (other == nullptr || at == others_.end()) return nullptr;
  return &checks_[static_cast<std::size_t>(at - others_.begin())];
}

std::size_t Tables::index(const attest::CheckInfo* own) const {
  return static_cast<std::size_t>(own - checks_.data());
}

}  // namespace ward::azure
