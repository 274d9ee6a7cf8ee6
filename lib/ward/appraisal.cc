#include "lib/ward/appraisal.h"

#include <algorithm>

#include "attest/appraisal_json.h"
#include "codec/json_write.h"
#include "explain/explanation_json.h"
#include "explain/page.h"
#include "explain/script.h"
#include "explain/tree.h"
#include "tee/all.h"

namespace ward::library {
namespace {

Result<std::string> json_of(const ward_appraisal& a) {
  codec::JsonWriter writer(codec::JsonWriter::Style::kPretty);
  if (a.of_batch) {
    attest::write_appraisal(writer, a.appraisal());
  } else {
    explain::write_explanation(writer, a.explanation);
  }
  WARD_TRY(std::string text, writer.take());
  return text + "\n";
}

// all_texts calls `visit` with every text of the appraisal that an accessor returns.
template <class Appraisal, class Visit>
void all_texts(Appraisal& appraisal, const Visit& visit) {
  for (auto& check : appraisal.checks) {
    visit(check.found);
    visit(check.expected);
    visit(check.expected_from);
  }
  for (auto& claim : appraisal.claims) {
    visit(claim.name);
  }
  for (auto* list :
       {&appraisal.notes, &appraisal.warnings, &appraisal.unchecked, &appraisal.tcb.advisories}) {
    std::ranges::for_each(*list, visit);
  }
  if (appraisal.tcb.status) visit(*appraisal.tcb.status);
  visit(appraisal.tee);
}

// add_texts writes the texts that are made of the appraisal.
void add_texts(ward_appraisal& a) {
  a.summary = attest::summary(a.appraisal());
  for (const attest::Claim& claim : a.appraisal().claims) {
    a.claims.push_back(attest::claim_text(claim.value));
  }
}

bool all_c_texts(const ward_appraisal& a) {
  bool all_good = is_c_text(a.summary) && std::ranges::all_of(a.claims, is_c_text);
  all_texts(a.appraisal(), [&](const auto& text) { all_good = all_good && is_c_text(text); });
  return all_good;
}

// make_c_texts is for an appraisal of its own. JSON can say more than C can.
void make_c_texts(ward_appraisal& a) {
  if (auto json = json_of(a)) a.json = *std::move(json);
  all_texts(a.explanation.appraisal, make_c_text);
  std::ranges::for_each(a.claims, make_c_text);
  make_c_text(a.summary);
}

ward_verdict verdict_of(attest::Verdict verdict) {
  switch (verdict) {
    case attest::Verdict::kAccepted:
      return WARD_ACCEPTED;
    case attest::Verdict::kRefused:
      return WARD_REFUSED;
    case attest::Verdict::kUndetermined:
      return WARD_UNDETERMINED;
  }
  return WARD_REFUSED;
}

ward_outcome outcome_of(attest::Outcome outcome) {
  switch (outcome) {
    case attest::Outcome::kPassed:
      return WARD_PASSED;
    case attest::Outcome::kFailed:
      return WARD_FAILED;
    case attest::Outcome::kNotDone:
      return WARD_NOT_DONE;
  }
  return WARD_FAILED;
}

ward_not_done not_done_of(attest::NotDone reason) {
  switch (reason) {
    case attest::NotDone::kNone:
      return WARD_NOT_DONE_NONE;
    case attest::NotDone::kNotAsked:
      return WARD_NOT_DONE_NOT_ASKED;
    case attest::NotDone::kAbsent:
      return WARD_NOT_DONE_ABSENT;
    case attest::NotDone::kBlocked:
      return WARD_NOT_DONE_BLOCKED;
  }
  return WARD_NOT_DONE_BLOCKED;
}

ward_origin origin_of(attest::Origin origin) {
  switch (origin) {
    case attest::Origin::kSpecification:
      return WARD_ORIGIN_SPECIFICATION;
    case attest::Origin::kPolicy:
      return WARD_ORIGIN_POLICY;
    case attest::Origin::kReferenceValue:
      return WARD_ORIGIN_REFERENCE_VALUE;
    case attest::Origin::kCollateral:
      return WARD_ORIGIN_COLLATERAL;
    case attest::Origin::kCaller:
      return WARD_ORIGIN_CALLER;
  }
  return WARD_ORIGIN_SPECIFICATION;
}

ward_status fill_check(const attest::Check& check, ward_check* out) noexcept {
  return fill(out, ward_check{.size = 0,
                              .id = check.info->id,
                              .outcome = outcome_of(check.outcome),
                              .not_done = not_done_of(check.not_done),
                              .found = check.found.c_str(),
                              .expected = check.expected.c_str(),
                              .origin = origin_of(check.origin),
                              .expected_from = check.expected_from.c_str(),
                              .reference = check.info->reference,
                              .meaning = check.info->meaning,
                              .hint = check.info->hint});
}

std::string title_of(const std::string& tee) {
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    if (tee == scheme->info().name) return scheme->info().title;
  }
  return tee;
}

// An explanation has no NUL: what comes from evidence is spelt out in all three forms.
Result<std::string, Fault> explained(const char* function, const explain::Explanation& explanation,
                                     ward_form form) {
  const std::string made_by = std::string("libward ") + ward_version();
  switch (form) {
    case WARD_FORM_TREE:
      return explain::tree(explanation);
    case WARD_FORM_SCRIPT:
      return explain::work_script(explanation, made_by);
    case WARD_FORM_PAGE: {
      auto page = explain::page(explanation, {.evidence_name = "evidence",
                                              .evidence_kind = title_of(explanation.appraisal.tee),
                                              .made_by = made_by});
      if (!page) return internal(page.error());
      return *std::move(page);
    }
  }
  return usage(std::string(function) + ": no form of an explanation",
               "WARD_FORM_TREE, WARD_FORM_SCRIPT or WARD_FORM_PAGE");
}

// item is NULL behind the end of a list.
const char* item(const std::vector<std::string>& list, std::size_t index) noexcept {
  return index < list.size() ? list[index].c_str() : nullptr;
}

}  // namespace

Result<std::unique_ptr<ward_appraisal>, Fault> make_appraisal(explain::Explanation explanation) {
  auto made = std::make_unique<ward_appraisal>();
  made->explanation = std::move(explanation);
  add_texts(*made);
  if (!all_c_texts(*made)) make_c_texts(*made);
  return made;
}

void show_appraisal(const attest::Appraisal& appraisal, const attest::Policy& policy,
                    ward_appraisal& out) {
  out.of_batch = true;
  out.findings = &appraisal;
  add_texts(out);
  if (all_c_texts(out)) return;
  out.explanation = explain::explain(appraisal, {}, {}, policy);  // makes UTF-8 of what is not
  out.findings = &out.explanation.appraisal;
  out.claims.clear();
  add_texts(out);
  if (!all_c_texts(out)) make_c_texts(out);
}

}  // namespace ward::library

using ward::library::Done;

void ward_appraisal_free(ward_appraisal* appraisal) noexcept {
  const std::unique_ptr<ward_appraisal> owned(appraisal);
}

ward_verdict ward_appraisal_verdict(const ward_appraisal* appraisal) noexcept {
  return appraisal == nullptr ? WARD_REFUSED
                              : ward::library::verdict_of(appraisal->appraisal().verdict);
}

const char* ward_appraisal_tee(const ward_appraisal* appraisal) noexcept {
  return appraisal == nullptr ? "" : appraisal->appraisal().tee.c_str();
}

const char* ward_appraisal_summary(const ward_appraisal* appraisal) noexcept {
  return appraisal == nullptr ? "" : appraisal->summary.c_str();
}

std::int32_t ward_appraisal_development(const ward_appraisal* appraisal) noexcept {
  return appraisal == nullptr || appraisal->appraisal().development ? 1 : 0;
}

std::int64_t ward_appraisal_time(const ward_appraisal* appraisal) noexcept {
  return appraisal == nullptr ? 0 : appraisal->appraisal().at.seconds;
}

ward_status ward_appraisal_tcb(const ward_appraisal* appraisal, ward_tcb* out) noexcept {
  if (appraisal == nullptr) return WARD_ERROR_USAGE;
  const ward::attest::Tcb& tcb = appraisal->appraisal().tcb;
  return ward::library::fill(out, ward_tcb{.size = 0,
                                           .status = tcb.status ? tcb.status->c_str() : nullptr,
                                           .advisory_count = tcb.advisories.size(),
                                           .has_date = tcb.date ? 1 : 0,
                                           .has_evaluation_number = tcb.evaluation_number ? 1 : 0,
                                           .date = tcb.date.value_or(ward::UnixTime{}).seconds,
                                           .evaluation_number = tcb.evaluation_number.value_or(0)});
}

const char* ward_appraisal_advisory(const ward_appraisal* appraisal, std::size_t index) noexcept {
  return appraisal == nullptr ? nullptr
                              : ward::library::item(appraisal->appraisal().tcb.advisories, index);
}

std::size_t ward_appraisal_check_count(const ward_appraisal* appraisal) noexcept {
  return appraisal == nullptr ? 0 : appraisal->appraisal().checks.size();
}

ward_status ward_appraisal_check_at(const ward_appraisal* appraisal, std::size_t index,
                                    ward_check* out) noexcept {
  if (appraisal == nullptr) return WARD_ERROR_USAGE;
  const auto& checks = appraisal->appraisal().checks;
  if (index >= checks.size()) return WARD_ERROR_NOT_FOUND;
  return ward::library::fill_check(checks[index], out);
}

ward_status ward_appraisal_find_check(const ward_appraisal* appraisal, const char* id,
                                      ward_check* out) noexcept {
  if (appraisal == nullptr || id == nullptr) return WARD_ERROR_USAGE;
  const ward::attest::Check* check = appraisal->appraisal().check(id);
  return check == nullptr ? WARD_ERROR_NOT_FOUND : ward::library::fill_check(*check, out);
}

std::size_t ward_appraisal_claim_count(const ward_appraisal* appraisal) noexcept {
  return appraisal == nullptr ? 0 : appraisal->claims.size();
}

ward_status ward_appraisal_claim_at(const ward_appraisal* appraisal, std::size_t index,
                                    ward_claim* out) noexcept {
  if (appraisal == nullptr) return WARD_ERROR_USAGE;
  if (index >= appraisal->claims.size()) return WARD_ERROR_NOT_FOUND;
  return ward::library::fill(out,
                             ward_claim{.size = 0,
                                        .name = appraisal->appraisal().claims[index].name.c_str(),
                                        .text = appraisal->claims[index].c_str()});
}

std::size_t ward_appraisal_unchecked_count(const ward_appraisal* appraisal) noexcept {
  return appraisal == nullptr ? 0 : appraisal->appraisal().unchecked.size();
}

const char* ward_appraisal_unchecked_at(const ward_appraisal* appraisal,
                                        std::size_t index) noexcept {
  return appraisal == nullptr ? nullptr
                              : ward::library::item(appraisal->appraisal().unchecked, index);
}

std::size_t ward_appraisal_note_count(const ward_appraisal* appraisal) noexcept {
  return appraisal == nullptr ? 0 : appraisal->appraisal().notes.size();
}

const char* ward_appraisal_note_at(const ward_appraisal* appraisal, std::size_t index) noexcept {
  return appraisal == nullptr ? nullptr : ward::library::item(appraisal->appraisal().notes, index);
}

std::size_t ward_appraisal_warning_count(const ward_appraisal* appraisal) noexcept {
  return appraisal == nullptr ? 0 : appraisal->appraisal().warnings.size();
}

const char* ward_appraisal_warning_at(const ward_appraisal* appraisal, std::size_t index) noexcept {
  return appraisal == nullptr ? nullptr
                              : ward::library::item(appraisal->appraisal().warnings, index);
}

ward_status ward_appraisal_explain(const ward_appraisal* appraisal, ward_form form,
                                   const char** text, ward_error** error) noexcept {
  const char* function = __func__;
  return ward::library::enter_new(function, text, error, [&]() -> Done {
    if (appraisal == nullptr) return ward::library::null(function, "appraisal");
    if (appraisal->of_batch) {
      return ward::library::usage(
          std::string(function) + ": a batch does not record what an explanation is made of",
          "verify this evidence alone, with ward_verifier_verify");
    }
    const std::lock_guard<std::mutex> lock(appraisal->mutex);
    auto known = appraisal->texts.find(form);
    if (known == appraisal->texts.end()) {
      WARD_TRY(std::string made, ward::library::explained(function, appraisal->explanation, form));
      known = appraisal->texts.emplace(form, std::move(made)).first;
    }
    *text = known->second.c_str();
    return {};
  });
}

ward_status ward_appraisal_json(const ward_appraisal* appraisal, const char** json,
                                ward_error** error) noexcept {
  const char* function = __func__;
  return ward::library::enter_new(function, json, error, [&]() -> Done {
    if (appraisal == nullptr) return ward::library::null(function, "appraisal");
    const std::lock_guard<std::mutex> lock(appraisal->mutex);
    if (!appraisal->json) {
      auto text = ward::library::json_of(*appraisal);
      if (!text) return ward::library::internal(text.error());
      appraisal->json = *std::move(text);
    }
    *json = appraisal->json->c_str();
    return {};
  });
}
