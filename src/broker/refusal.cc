#include "broker/refusal.h"

#include <span>

namespace ward::broker {
namespace {

// meaning_of is what it means that a check did not pass: one that was not done found nothing wrong.
const char* meaning_of(const attest::Check& check) {
  if (check.outcome != attest::Outcome::kNotDone) return check.info->meaning;
  switch (check.not_done) {
    case attest::NotDone::kNotAsked:
      return "This was not done: nobody asked for it.";
    case attest::NotDone::kBlocked:
      return "This was not done: another check failed before.";
    case attest::NotDone::kAbsent:
    case attest::NotDone::kNone:
      break;
  }
  return "This could not be done: something that it needs is missing.";
}

// add_others lists those of one outcome by name.
void add_others(std::string& detail, std::span<const attest::Check> checks, attest::Outcome outcome,
                const char* title) {
  const char* before = title;
  for (const attest::Check& check : checks) {
    if (check.outcome != outcome) continue;
    detail += before;
    detail += check.info->id;
    before = ", ";
  }
  if (before != title) detail += ".";
}

}  // namespace

Refusal refuse(unsigned status, std::string_view type, CheckId id, std::string_view more) {
  const attest::CheckInfo& info = check_info(id);
  std::string detail = std::string(info.id) + ": " + info.meaning;
  if (!more.empty()) detail += " " + std::string(more);
  return {.status = status,
          .body = {.type = std::string(type), .detail = std::move(detail)},
          .checks = {info.id},
          .passed = {}};
}

Refusal over_quota(unsigned status, std::string_view type, std::string_view quota,
                   std::uint64_t found, std::uint64_t most) {
  const std::string name(quota);
  Refusal out = refuse(status, type, CheckId::kQuota,
                       name + ": it would be " + std::to_string(found) + ", and may be " +
                           std::to_string(most) + ".");
  out.found = std::to_string(found);
  out.expected = "at most " + std::to_string(most) + " (" + name + ")";
  return out;
}

Refusal refuse_document(std::string_view type, CheckId id, const Diag& diag) {
  Refusal out = refuse(400, type, id, to_text(diag));
  out.expected = diag.expected;
  return out;
}

Refusal refuse_checks(std::string_view type, const std::vector<attest::Check>& failed) {
  Refusal out{
      .status = 401, .body = {.type = std::string(type), .detail = {}}, .checks = {}, .passed = {}};
  for (const attest::Check& check : failed) {
    out.checks.emplace_back(check.info->id);
  }
  if (failed.empty()) return out;
  const attest::Check& first = failed.front();
  out.found = first.found;
  out.expected = first.expected;
  std::string& detail = out.body.detail;
  detail = std::string(first.info->id) + ": " + meaning_of(first);
  if (!first.found.empty()) detail += " Found: " + first.found + ".";
  if (!first.expected.empty()) detail += " Expected: " + first.expected + ".";
  const auto others = std::span(failed).subspan(1);
  add_others(detail, others, attest::Outcome::kFailed, " Failed too: ");
  add_others(detail, others, attest::Outcome::kNotDone, " Not done: ");
  return out;
}

std::vector<std::string> passed_ids(const std::vector<attest::Check>& checks) {
  std::vector<std::string> out;
  for (const attest::Check& check : checks) {
    if (check.outcome == attest::Outcome::kPassed) out.emplace_back(check.info->id);
  }
  return out;
}

std::string joined_ids(const std::vector<std::string>& ids) {
  std::string out;
  for (const std::string& id : ids) {
    out += (out.empty() ? "" : " ") + id;
  }
  return out;
}

Refusal unavailable(const Error& error) {
  if (error.code() == Errc::kStale) return refuse(503, "AttestationError", CheckId::kClock);
  std::string detail = "the service could not complete this: ";
  detail += error.what();
  return {.status = 503,
          .body = {.type = "PluginInternalError", .detail = detail},
          .checks = {},
          .passed = {}};
}

}  // namespace ward::broker
