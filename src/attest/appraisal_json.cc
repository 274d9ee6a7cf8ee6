#include "attest/appraisal_json.h"

namespace ward::attest {
namespace {

using codec::JsonWriter;

struct ValueWriter {
  JsonWriter& out;

  void operator()(bool v) const { out.boolean(v); }

  void operator()(std::uint64_t v) const { out.unsigned_integer(v); }

  void operator()(const std::string& v) const { out.string(v); }

  void operator()(const Buffer& v) const { out.string(to_hex(v)); }

  void operator()(const std::vector<std::string>& v) const {
    out.begin_array();
    for (const std::string& item : v) {
      out.string(item);
    }
    out.end_array();
  }
};

void write_strings(JsonWriter& out, const std::vector<std::string>& items) {
  out.begin_array();
  for (const std::string& item : items) {
    out.string(item);
  }
  out.end_array();
}

void write_tcb(JsonWriter& out, const Tcb& tcb) {
  out.begin_object();
  out.name("status").value(tcb.status);
  out.name("advisories");
  write_strings(out, tcb.advisories);
  out.name("date");
  if (tcb.date) {
    out.string(format_rfc3339(*tcb.date));
  } else {
    out.null();
  }
  out.name("evaluation_number").value(tcb.evaluation_number);
  out.name("behind");
  write_strings(out, tcb.behind);
  out.end_object();
}

void write_check(JsonWriter& out, const Check& check) {
  out.begin_object();
  out.name("id").string(check.info->id);
  out.name("outcome").string(to_text(check.outcome));
  if (check.outcome == Outcome::kNotDone) out.name("reason").string(to_text(check.not_done));
  out.name("found").string(check.found);
  out.name("expected").string(check.expected);
  std::string from = to_text(check.origin);
  if (!check.expected_from.empty()) from += ": " + check.expected_from;
  out.name("expected_from").string(from);
  out.name("reference").string(check.info->reference);
  out.name("hint").string(check.outcome == Outcome::kPassed ? "" : check.info->hint);
  out.end_object();
}

}  // namespace

void write_checks(JsonWriter& out, const std::vector<Check>& checks) {
  out.begin_array();
  for (const Check& check : checks) {
    write_check(out, check);
  }
  out.end_array();
}

void write_claims(JsonWriter& out, const std::vector<Claim>& claims) {
  out.begin_object();
  for (const Claim& claim : claims) {
    out.name(claim.name);
    std::visit(ValueWriter{out}, claim.value);
  }
  out.end_object();
}

std::string claim_text(const ClaimValue& value) {
  std::string out;
  for (const std::string& text : value_texts(value)) {
    out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

void write_appraisal_members(JsonWriter& out, const Appraisal& a) {
  out.name("schema").string(kAppraisalSchema);
  out.name("tee").string(a.tee);
  out.name("verdict").string(to_text(a.verdict));
  out.name("summary").string(summary(a));
  out.name("at").string(format_rfc3339(a.at));
  out.name("tcb");
  write_tcb(out, a.tcb);
  out.name("development").boolean(a.development);
  out.name("claims");
  write_claims(out, a.claims);
  out.name("checks");
  write_checks(out, a.checks);
  out.name("unchecked");
  write_strings(out, a.unchecked);
  out.name("warnings");
  write_strings(out, a.warnings);
  out.name("notes");
  write_strings(out, a.notes);
}

void write_appraisal(JsonWriter& out, const Appraisal& a) {
  out.begin_object();
  write_appraisal_members(out, a);
  out.end_object();
}

}  // namespace ward::attest
