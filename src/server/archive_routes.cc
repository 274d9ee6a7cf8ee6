#include "server/archive_routes.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/json.h"
#include "codec/json_write.h"
#include "server/responses.h"

namespace ward::server {
namespace {

using broker::Answer;
using broker::CheckId;
using codec::JsonValue;
using codec::JsonWriter;
using protocol::HttpRequest;
using protocol::HttpResponse;

constexpr std::string_view kType = "ArchiveError";
constexpr std::string_view kReplay = "replay";
constexpr std::string_view kAppraisals = "appraisals";
constexpr std::string_view kOne = "appraisals/";
constexpr std::string_view kRepeat = "/repeat";
constexpr codec::JsonLimits kLimits{.max_bytes = 2U << 20U, .max_depth = 16};

// Body is one object of a request; the first mistake is kept.
class Body {
 public:
  explicit Body(Bytes text) : text_(text) {
    auto json = codec::parse_json(text, kLimits);
    if (!json) {
      wrong_ = json.error();
    } else if (!json->is_object()) {
      wrong_ = diag_at(text, json->begin(), "", "an object");
    } else {
      root_ = *std::move(json);
    }
  }

  void only(std::initializer_list<std::string_view> known) {
    if (wrong_) return;
    for (const auto& [name, value] : root_->members()) {
      if (std::ranges::find(known, name) == known.end()) {
        return say(value, name, "no member of this name");
      }
    }
  }

  [[nodiscard]] const JsonValue* find(std::string_view name) const {
    return root_ ? root_->find(name) : nullptr;
  }

  std::optional<std::string> text(std::string_view name) {
    const JsonValue* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->as_string()) return std::string(*value->as_string());
    say(*value, name, "a text");
    return std::nullopt;
  }

  std::optional<UnixTime> time(std::string_view name) {
    const auto given = text(name);
    if (!given) return std::nullopt;
    auto out = parse_rfc3339(*given);
    if (!out) say(*find(name), name, "a time, as 2026-11-30T00:00:00Z");
    return out;
  }

  // now is true for "now", false for "then", which holds where nothing is said.
  bool now(std::string_view name) {
    const auto given = text(name);
    if (given && *given != "then" && *given != "now") {
      say(*find(name), name, "\"then\" or \"now\"");
    }
    return given == "now";
  }

  [[nodiscard]] Bytes raw(const JsonValue& value) const { return value.raw(text_); }

  void say(const JsonValue& at, std::string_view name, std::string_view expected) {
    if (!wrong_) wrong_ = diag_at(text_, at.begin(), name, expected);
  }

  void demand(std::string_view name, std::string_view expected) {
    if (root_ && root_->find(name) == nullptr) say(*root_, name, expected);
  }

  [[nodiscard]] const std::optional<Diag>& wrong() const { return wrong_; }

 private:
  Bytes text_;
  std::optional<JsonValue> root_;
  std::optional<Diag> wrong_;
};

HttpResponse malformed(const Diag& diag) {
  return to_response(broker::refuse_document(kType, CheckId::kMessageForm, diag));
}

// Documents that a caller brings: [{"name", "base64"}].
std::vector<std::pair<std::string, Buffer>> documents(Body& body, const JsonValue& list) {
  std::vector<std::pair<std::string, Buffer>> out;
  for (const JsonValue& item : list.items()) {
    const JsonValue* name = item.find("name");
    const JsonValue* base64 = item.find("base64");
    const auto text = base64 != nullptr ? base64->as_string() : std::nullopt;
    auto octets = text ? from_base64(*text, Base64::kStandard) : std::nullopt;
    if (name == nullptr || !name->as_string() || !octets) {
      body.say(item, "collateral", "documents, each with name and base64");
      return out;
    }
    out.emplace_back(*name->as_string(), *std::move(octets));
  }
  return out;
}

void write_reasons(JsonWriter& w, std::string_view name,
                   const std::vector<broker::Reason>& reasons) {
  w.name(name).begin_array();
  for (const broker::Reason& reason : reasons) {
    w.begin_object().member("id", reason.id).member("found", reason.found);
    w.member("expected", reason.expected).end_object();
  }
  w.end_array();
}

HttpResponse step_response(const broker::ReplayStep& step) {
  JsonWriter w;
  w.begin_object().member("schema", "ward.replay-step/1");
  w.member("replayed", std::uint64_t{step.replayed}).name("changes").begin_array();
  for (const broker::AccessChange& change : step.changes) {
    w.begin_object().member("id", change.id).member("time", format_rfc3339(change.time));
    w.member("tee", change.tee).member("workload", change.workload);
    w.member("runtime", change.runtime).member("access", change.access);
    w.member("change", change.gains ? "gains" : "loses");
    write_reasons(w, "reasons", change.reasons);
    write_reasons(w, "withheld", change.withheld);
    w.end_object();
  }
  w.end_array().name("not_replayed").begin_array();
  for (const broker::NotReplayed& one : step.not_replayed) {
    w.begin_object().member("id", one.id).member("why", one.why).end_object();
  }
  w.end_array().member("next", step.next).end_object();
  return json_response(w);
}

}  // namespace

bool ArchiveRoutes::takes(std::string_view path) {
  return path == kReplay || path == kAppraisals || path.starts_with(kOne);
}

HttpResponse ArchiveRoutes::answer(const OwnRequest& asked, std::string_view path) const {
  const bool repeated = path.starts_with(kOne) && path.ends_with(kRepeat);
  const bool changes = repeated || path == kReplay;
  if (asked.request.method != (changes ? "POST" : "GET")) return wrong_method();
  if (path == kAppraisals) return list(asked);
  const Bytes body = asked.request.body;
  if (path == kReplay) return replay(body, asked.actor, asked.now);
  std::string_view id = path.substr(kOne.size());
  if (repeated) {
    id.remove_suffix(std::min(id.size(), kRepeat.size()));
    return repeat(id, body, asked.actor, asked.now);
  }
  const auto shown = replay_.show(asked.actor, id, asked.now);
  return shown ? ok(*shown) : to_response(shown.error());
}

HttpResponse ArchiveRoutes::replay(Bytes text, const broker::Actor& actor, UnixTime now) const {
  Body body(text);
  body.only({"for", "repository", "class", "candidate", "since", "until", "after", "limit", "at",
             "collateral"});
  broker::ReplayRequest request;
  const auto kind = body.text("for");
  request.repository = body.text("repository");
  body.demand("for", "\"evidence\" or \"results\"");
  body.demand("candidate", "a policy");
  if (kind && *kind != "evidence" && *kind != "results") {
    body.say(*body.find("for"), "for", "\"evidence\" or \"results\"");
  }
  if (kind && (*kind == "results") != request.repository.has_value()) {
    body.say(*body.find("for"), "repository", "a repository for results, and for them alone");
  }
  const JsonValue* candidate = body.find("candidate");
  std::string rego;
  if (const auto device_class = body.text("class")) {
    request.device_class = *device_class;
    rego = body.text("candidate").value_or("");
    request.candidate = as_bytes(rego);
    if (kind == "results" || device_class->empty()) {
      body.say(*body.find("class"), "class", "a class of devices for evidence, and for it alone");
    }
  } else if (candidate != nullptr) {
    request.candidate = body.raw(*candidate);
  }
  request.since = body.time("since").value_or(UnixTime{});
  request.until = body.time("until");
  request.after = body.text("after").value_or("");
  const JsonValue* limit = body.find("limit");
  if (limit != nullptr) {
    request.limit = limit->as_uint().value_or(0);
    if (request.limit < 1 || request.limit > broker::kMaxReplayed) {
      body.say(*limit, "limit", "1 to 200");
    }
  }
  request.when = {.now = body.now("at"), .present_collateral = body.now("collateral")};
  if (body.wrong()) return malformed(*body.wrong());
  const auto step = replay_.step(actor, request, now);
  return step ? step_response(*step) : to_response(step.error());
}

HttpResponse ArchiveRoutes::list(const OwnRequest& asked) const {
  UnixTime since;
  if (const auto given = asked.query.find("since")) {
    const auto time = parse_rfc3339(*given);
    if (!time) return to_response(wrong_parameter("since", "a time, as 2026-11-30T00:00:00Z"));
    since = *time;
  }
  const auto wanted = asked.query.page();
  if (!wanted) return to_response(wanted.error());
  const auto page = replay_.list(asked.actor, since, {wanted->after, wanted->limit}, asked.now);
  if (!page) return to_response(page.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.appraisals/1").name("appraisals").begin_array();
  for (const broker::AppraisalLine& line : page->lines) {
    w.begin_object().member("id", line.id).member("time", format_rfc3339(line.time));
    w.member("tee", line.tee).member("policy", line.policy);
    w.member("policy_version", line.policy_version).member("verdict", line.verdict);
    w.name("failed").begin_array();
    for (const std::string& id : line.failed) {
      w.string(id);
    }
    w.end_array().end_object();
  }
  w.end_array().member("next", page->next).end_object();
  return json_response(w);
}

HttpResponse ArchiveRoutes::repeat(std::string_view id, Bytes text, const broker::Actor& actor,
                                   UnixTime now) const {
  Body body(text);
  body.only({"at", "collateral", "policy"});
  broker::RepeatRequest request{.id = std::string(id)};
  const auto at = body.text("at");
  request.when.now = at == "now";
  if (at && *at != "now" && *at != "then") request.at = body.time("at");
  if (body.find("policy") != nullptr) request.present_policy = body.now("policy");
  const JsonValue* collateral = body.find("collateral");
  if (collateral != nullptr && collateral->is_array()) {
    request.collateral = documents(body, *collateral);
  } else {
    request.when.present_collateral = body.now("collateral");
  }
  if (body.wrong()) return malformed(*body.wrong());
  const auto appraisal = replay_.repeat(actor, request, now);
  if (!appraisal) return to_response(appraisal.error());
  return ok(*appraisal);
}

}  // namespace ward::server
