#include "server/incident_routes.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "codec/json.h"
#include "codec/json_write.h"
#include "server/responses.h"

namespace ward::server {
namespace {

using broker::CheckId;
using broker::IncidentOf;
using codec::JsonWriter;
using protocol::HttpResponse;

constexpr std::string_view kIncidents = "incidents";
constexpr std::string_view kIncident = "incidents/";
constexpr std::string_view kReport = "/report";
constexpr std::string_view kClose = "/close";
constexpr std::string_view kType = "IncidentError";
constexpr codec::JsonLimits kLimits{.max_bytes = 8192, .max_depth = 2};

broker::Refusal wrong(CheckId id, std::string_view what) {
  return broker::refuse(400, kType, id, what);
}

// named is the kind of subject that a member names.
std::optional<IncidentOf> named(std::string_view member) {
  for (const IncidentOf one : {IncidentOf::kAdvisory, IncidentOf::kChip, IncidentOf::kWorkload}) {
    if (member == to_text(one)) return one;
  }
  return std::nullopt;
}

broker::Answer<broker::NewIncident> new_incident(const broker::PlatformIds& ids, Bytes body) {
  const auto json = codec::parse_json(body, kLimits);
  if (!json) return broker::refuse_document(kType, CheckId::kMessageForm, json.error());
  if (!json->is_object()) return wrong(CheckId::kMessageForm, "An incident is an object.");
  broker::NewIncident out;
  int subjects = 0;
  for (const auto& [name, value] : json->members()) {
    const auto of = named(name);
    if (of && value.as_string()) {
      auto subject = broker::incident_subject(ids, *of, *value.as_string());
      if (!subject) {
        return wrong(CheckId::kIncidentOf,
                     "advisory is an advisory's id, like INTEL-SA-00615; chip its id, 8 to 64 "
                     "octets in hex, or what claims have in its place, salted:...; workload a "
                     "digest, 32 to 64 octets in hex.");
      }
      out.subject = *std::move(subject);
      ++subjects;
    } else if (name == "note" && value.as_string()) {
      out.note = std::string(*value.as_string());
    } else if (name == "apply" && value.as_bool()) {
      out.apply = *value.as_bool();
    } else {
      return wrong(CheckId::kMessageForm,
                   "It has the members advisory, chip or workload, note and apply.");
    }
  }
  if (subjects != 1) return wrong(CheckId::kIncidentOf, "It names one of them.");
  return out;
}

void write_line(JsonWriter& w, const broker::Incident& one) {
  w.begin_object().member("id", one.id).member("of", to_text(one.subject.of));
  w.member("subject", one.subject.value).member("note", one.note);
  w.member("opened", format_rfc3339(one.opened)).member("opened_by", one.opened_by);
  w.member("closed_by", one.closed_by).name("closed");
  if (one.closed_by.empty()) {
    w.null();
  } else {
    w.string(format_rfc3339(one.closed));
  }
  w.member("releases", std::uint64_t{one.affected.releases.size()} + one.affected.unlisted);
  w.member("policy_after", one.policy_after).end_object();
}

}  // namespace

bool IncidentRoutes::takes(std::string_view path) {
  return path == kIncidents || path.starts_with(kIncident);
}

HttpResponse IncidentRoutes::answer(const OwnRequest& asked, std::string_view path) const {
  if (path == kIncidents) return asked.request.method == "POST" ? open(asked) : list(asked);
  std::string_view id = path.substr(kIncident.size());
  if (id.ends_with(kClose)) {
    id.remove_suffix(kClose.size());
    const auto closed = incidents_.close(asked.actor, id, asked.now);
    return closed ? shown(*closed) : to_response(closed.error());
  }
  const bool report = id.ends_with(kReport);
  if (report) id.remove_suffix(kReport.size());
  const auto incident = incidents_.get(asked.actor, id, asked.now);
  if (!incident) return to_response(incident.error());
  if (!report) return shown(*incident);
  const auto text = incidents_.report(*incident);
  return text ? typed("application/jose", as_bytes(*text)) : to_response(text.error());
}

HttpResponse IncidentRoutes::open(const OwnRequest& asked) const {
  const auto what = new_incident(service_.keys.platform_ids, asked.request.body);
  if (!what) return to_response(what.error());
  const auto opened = incidents_.open(asked.actor, *what, asked.now);
  return opened ? shown(*opened) : to_response(opened.error());
}

HttpResponse IncidentRoutes::list(const OwnRequest& asked) const {
  const auto page = asked.query.page();
  if (!page) return to_response(page.error());
  const auto all = incidents_.list(asked.actor, asked.now);
  if (!all) return to_response(all.error());
  std::map<std::string, const broker::Incident*> in_order;  // of time, then of ids
  for (const broker::Incident& one : *all) {
    in_order[format_rfc3339(one.opened) + " " + one.id] = &one;
  }
  JsonWriter w;
  w.begin_object().member("schema", "ward.incidents/1").name("incidents").begin_array();
  auto one = in_order.upper_bound(page->after);
  std::string last;
  for (std::size_t i = 0; i < page->limit && one != in_order.end(); ++i, ++one) {
    write_line(w, *one->second);
    last = one->first;
  }
  w.end_array().member("next", one == in_order.end() ? std::string() : last).end_object();
  return json_response(w);
}

HttpResponse IncidentRoutes::shown(const broker::Incident& incident) const {
  const auto text = broker::incident_json(incident, service_.options.name);
  return text ? ok(*text) : to_response(broker::unavailable(text.error()));
}

}  // namespace ward::server
