#include "broker/admin.h"

#include <algorithm>
#include <utility>

#include "broker/records.h"
#include "broker/refusal_record.h"

namespace ward::broker {
namespace {

constexpr std::string_view kType = "AdminAuthAccess";

}  // namespace

std::optional<Role> role_of(std::string_view name) {
  for (const Role role : kRoles) {
    if (name == to_text(role)) return role;
  }
  return std::nullopt;
}

const char* to_text(Role role) {
  switch (role) {
    case Role::kAdministrator:
      return "administrator";
    case Role::kVerifierOwner:
      return "verifier-owner";
    case Role::kOwner:
      return "owner";
    case Role::kAuditor:
      return "auditor";
    case Role::kPolicyAuthor:
      return "policy-author";
    case Role::kOperator:
      return "operator";
  }
  return "";
}

ledger::Entry act_of(const Actor& actor, UnixTime now, std::string_view kind,
                     std::string_view subject,
                     std::vector<std::pair<std::string, std::string>> details) {
  details.emplace_back("role", to_text(actor.role));
  details.emplace_back("sign_in", actor.sign_in);
  return {now, std::string(kind), actor.name, std::string(subject), std::move(details)};
}

std::string_view repository_of(std::string_view policy_key) {
  const auto slash = policy_key.find('/');
  return slash == std::string_view::npos ? std::string_view() : policy_key.substr(slash + 1);
}

bool manages(const Actor& actor, std::string_view repository) {
  if (actor.role == Role::kAdministrator) return true;
  const auto& own = actor.repositories;
  return actor.role == Role::kOwner && std::find(own.begin(), own.end(), repository) != own.end();
}

bool may_read(const Actor& actor, std::string_view policy_key) {
  if (actor.role == Role::kAdministrator || actor.role == Role::kPolicyAuthor) return true;
  if (policy_key == kEvidencePolicyKey) return actor.role == Role::kVerifierOwner;
  if (repository_of(policy_key) == kAnyRepository) return false;
  return manages(actor, repository_of(policy_key));
}

Answer<void> allow(const Service& service, const Actor& actor, bool may, std::string_view subject,
                   UnixTime now) {
  if (may) return {};
  return record_refusal(service,
                        {.class_name = administrator_class(actor.name),
                         .actor = actor.name,
                         .subject = std::string(subject),
                         .now = now},
                        refuse(403, kType, CheckId::kAdminRole));
}

}  // namespace ward::broker
