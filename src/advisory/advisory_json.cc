#include "advisory/advisory_json.h"

#include <algorithm>

namespace ward::advisory {
namespace {

using codec::JsonWriter;

void write_items(JsonWriter& out, const char* name, const std::vector<Item>& items) {
  out.name(name).begin_array();
  for (const Item& item : items) {
    out.begin_object().member("text", item.text).member("verified", item.verified).end_object();
  }
  out.end_array();
}

void write_date(JsonWriter& out, Date date) {
  out.name("date");
  if (!date.known()) {
    out.null();
    return;
  }
  const bool verified = date.verified;
  date.verified = true;  // the text is the date alone
  out.begin_object().member("text", date_text(date)).member("verified", verified).end_object();
}

void write_exposure(JsonWriter& out, const Exposure& exposure) {
  out.name("exposure").begin_object();
  out.member("state", to_text(exposure.state)).member("why", exposure.why);
  out.name("policy").begin_array();
  for (const std::string& line : exposure.policy) {
    out.string(line);
  }
  out.end_array().end_object();
}

void write_entry(JsonWriter& out, const Entry& entry) {
  const Attack& a = *entry.attack;
  out.begin_object().member("id", a.id).member("name", a.name);
  write_date(out, a.date);
  write_items(out, "disclosed", a.disclosed);
  write_items(out, "tees", a.tees);
  out.member("class", a.attack_class);
  write_items(out, "aliases", a.aliases);
  write_items(out, "cves", a.cves);
  write_items(out, "advisories", a.advisories);
  write_items(out, "affects", a.affects);
  write_items(out, "mitigated_by", a.mitigated_by);
  write_items(out, "references", a.references);
  if (entry.exposure) write_exposure(out, *entry.exposure);
  out.end_object();
}

}  // namespace

void write_selection(JsonWriter& out, const Selection& selection,
                     const attest::Appraisal* appraisal) {
  out.begin_object().member("schema", kAdvisoriesSchema).name("platform");
  if (appraisal == nullptr) {
    out.null();
  } else {
    out.begin_object().member("tee", appraisal->tee).member("at", format_rfc3339(appraisal->at));
    out.member("genuine", appraisal->genuine).member("development", appraisal->development);
    out.end_object();
  }
  out.name("attacks").begin_array();
  for (const Entry& entry : selection.entries) {
    write_entry(out, entry);
  }
  out.end_array().name("undated").begin_array();
  for (const Attack* attack : selection.undated) {
    out.string(attack->id);
  }
  out.end_array().end_object();
}

}  // namespace ward::advisory
