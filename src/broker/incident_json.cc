#include <utility>

#include "broker/incident.h"
#include "codec/json.h"
#include "codec/json_write.h"

namespace ward::broker {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr codec::JsonLimits kLimits{
    .max_bytes = store::kMaxValueBytes, .max_depth = 4, .max_values = 1'000'000};

Error damaged() { return {Errc::kMalformed, "broker.incident: a row is damaged"}; }

// Members reads an object whose members all must be there.
class Members {
 public:
  explicit Members(const JsonValue& object) : object_(object), right_(object.is_object()) {}

  std::string text(std::string_view name) {
    const JsonValue* value = find(name);
    const auto out = value != nullptr ? value->as_string() : std::nullopt;
    right_ = right_ && out.has_value();
    return std::string(out.value_or(""));
  }

  std::uint64_t number(std::string_view name) {
    const JsonValue* value = find(name);
    const auto out = value != nullptr ? value->as_uint() : std::nullopt;
    right_ = right_ && out.has_value();
    return out.value_or(0);
  }

  // time is that of a text; 1970 where it is null.
  UnixTime time(std::string_view name) {
    const JsonValue* value = find(name);
    if (value != nullptr && value->kind() == JsonValue::Kind::kNull) return {};
    const auto out = parse_rfc3339(text(name));
    right_ = right_ && out.has_value();
    return out.value_or(UnixTime{});
  }

  const std::vector<JsonValue>* items(std::string_view name) {
    const JsonValue* list = find(name);
    right_ = right_ && list != nullptr && list->is_array();
    return right_ ? &list->items() : nullptr;
  }

  [[nodiscard]] bool right() const { return right_; }

 private:
  [[nodiscard]] const JsonValue* find(std::string_view name) const {
    return right_ ? object_.find(name) : nullptr;
  }

  const JsonValue& object_;
  bool right_;
};

void write_release(JsonWriter& w, const AffectedRelease& one) {
  w.begin_object().member("index", one.index).member("time", format_rfc3339(one.time));
  w.member("resource", one.resource).member("version", one.version);
  w.member("workload", one.workload).member("platforms", one.platforms).member("lease", one.lease);
  w.end_object();
}

Result<AffectedRelease> read_release(const JsonValue& object) {
  Members members(object);
  AffectedRelease out{.index = members.number("index"),
                      .time = members.time("time"),
                      .resource = members.text("resource"),
                      .version = members.text("version"),
                      .workload = members.text("workload"),
                      .platforms = members.text("platforms"),
                      .lease = members.text("lease")};
  if (!members.right()) return damaged();
  return out;
}

Result<IncidentOf> of_text(std::string_view text) {
  for (const IncidentOf one : {IncidentOf::kAdvisory, IncidentOf::kChip, IncidentOf::kWorkload}) {
    if (text == to_text(one)) return one;
  }
  return damaged();
}

}  // namespace

const char* to_text(IncidentOf of) {
  switch (of) {
    case IncidentOf::kAdvisory:
      return "advisory";
    case IncidentOf::kChip:
      return "chip";
    case IncidentOf::kWorkload:
      return "workload";
  }
  return "";
}

Result<std::string> incident_json(const Incident& incident, std::string_view service) {
  JsonWriter w;
  w.begin_object().member("schema", "ward.incident/1").member("service", service);
  w.member("id", incident.id).member("of", to_text(incident.subject.of));
  w.member("subject", incident.subject.value).member("note", incident.note);
  w.member("opened", format_rfc3339(incident.opened)).member("opened_by", incident.opened_by);
  w.name("closed");
  if (incident.closed_by.empty()) {
    w.null();
  } else {
    w.string(format_rfc3339(incident.closed));
  }
  w.member("closed_by", incident.closed_by);
  w.member("policy_before", incident.policy_before).member("policy_after", incident.policy_after);
  w.member("tokens_refused", incident.tokens_refused).name("rotate").begin_array();
  for (const std::string& path : incident.rotate) {
    w.string(path);
  }
  w.end_array()
      .member("rotate_unlisted", incident.rotate_unlisted)
      .member("ledger_size", incident.affected.ledger_size);
  w.member("unlisted", incident.affected.unlisted).member("unknown", incident.affected.unknown);
  w.name("releases").begin_array();
  for (const AffectedRelease& one : incident.affected.releases) {
    write_release(w, one);
  }
  return w.end_array().end_object().take();
}

Result<Incident> parse_incident(Bytes json) {
  const auto root = codec::parse_json(json, kLimits);
  if (!root) return damaged();
  Members members(*root);
  Incident out;
  out.id = members.text("id");
  WARD_TRY(out.subject.of, of_text(members.text("of")));
  out.subject.value = members.text("subject");
  out.note = members.text("note");
  out.opened = members.time("opened");
  out.opened_by = members.text("opened_by");
  out.closed = members.time("closed");
  out.closed_by = members.text("closed_by");
  out.policy_before = members.number("policy_before");
  out.policy_after = members.number("policy_after");
  out.tokens_refused = members.number("tokens_refused");
  out.rotate_unlisted = members.number("rotate_unlisted");
  out.affected.ledger_size = members.number("ledger_size");
  out.affected.unlisted = members.number("unlisted");
  out.affected.unknown = members.number("unknown");
  const auto* paths = members.items("rotate");
  const auto* releases = members.items("releases");
  if (!members.right()) return damaged();
  for (const JsonValue& path : *paths) {
    out.rotate.emplace_back(path.as_string().value_or(""));
  }
  for (const JsonValue& one : *releases) {
    WARD_TRY(AffectedRelease release, read_release(one));
    out.affected.releases.push_back(std::move(release));
  }
  return out;
}

}  // namespace ward::broker
