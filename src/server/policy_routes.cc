#include "server/policy_routes.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "codec/json.h"
#include "codec/json_write.h"
#include "refval/refval.h"
#include "server/responses.h"
#include "server/version_condition.h"

namespace ward::server {
namespace {

using broker::Answer;
using broker::CheckId;
using codec::JsonValue;
using codec::JsonWriter;
using protocol::HttpRequest;
using protocol::HttpResponse;

constexpr auto kMostVersion = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
constexpr std::string_view kParse = "ParsePolicyError";
constexpr std::string_view kRvps = "RvpsError";
constexpr std::string_view kPolicies = "policies";
constexpr std::string_view kPolicy = "policy/";
constexpr std::string_view kReferences = "reference-values";
constexpr std::string_view kReference = "reference-value/";
constexpr std::string_view kResults = "results/";
constexpr std::string_view kRego = "rego/";
constexpr std::string_view kAttestationPolicy = "attestation-policy";
constexpr std::string_view kResourcePolicy = "resource-policy";
constexpr std::string_view kKbsReference = "reference-value";
constexpr codec::JsonLimits kLimits{.max_bytes = 2U << 20U, .max_depth = 8};

HttpResponse malformed(std::string_view type, std::string_view what) {
  return to_response(broker::refuse(400, type, CheckId::kMessageForm, what));
}

// tagged is the answer to a change, with its version as ETag.
HttpResponse tagged(const Answer<std::uint64_t>& version) {
  HttpResponse out = version_response(version);
  if (version) out.headers.emplace_back("ETag", version_tag(*version));
  return out;
}

// Key is a policy's key, and what follows it: "versions", "rollback", "rego/CLASS" or nothing.
struct Key {
  std::string_view key;
  std::string_view rest;
};

std::optional<Key> key_of(std::string_view path) {
  const bool results = path.starts_with(kResults);
  const auto slash = path.find('/', results ? kResults.size() : 0);
  const Key out{path.substr(0, slash),
                slash == std::string_view::npos ? "" : path.substr(slash + 1)};
  const bool known = out.rest == "versions" || out.rest == "rollback" ||
                     (out.key == "evidence" && out.rest.starts_with(kRego));
  if (slash != std::string_view::npos && !known) return std::nullopt;
  if (!results && out.key != "evidence") return std::nullopt;
  return out;
}

void write_value(JsonWriter& w, const refval::ReferenceValue& one, UnixTime now) {
  w.begin_object().member("id", one.id).name("value").raw_json(one.value);
  w.member("expires", format_rfc3339(one.expires)).member("expired", now >= one.expires);
  w.end_object();
}

// Message is one object of Trustee's, whose members are texts.
class Message {
 public:
  explicit Message(Bytes body) : json_(codec::parse_json(body, kLimits)) {}

  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const {
    const JsonValue* value = json_ && json_->is_object() ? json_->find(name) : nullptr;
    return value != nullptr ? value->as_string() : std::nullopt;
  }

  // rego is the member `policy`, decoded; nullopt: not base64url of text.
  [[nodiscard]] std::optional<std::string> rego() const {
    const auto octets = from_base64(text("policy").value_or(""), Base64::kUrl);
    if (!octets || octets->empty()) return std::nullopt;
    return std::string(as_text(*octets));
  }

 private:
  Result<JsonValue, Diag> json_;
};

}  // namespace

bool PolicyRoutes::takes(std::string_view path) {
  return path == kPolicies || path.starts_with(kPolicy) || path == kReferences ||
         path.starts_with(kReference);
}

bool PolicyRoutes::takes_kbs(std::string_view path) {
  return path == kAttestationPolicy || path == kResourcePolicy || path == kKbsReference ||
         path.starts_with(kReference);
}

HttpResponse PolicyRoutes::answer(const OwnRequest& asked, std::string_view path) const {
  if (path == kReferences) return references(asked);
  if (path.starts_with(kPolicy)) return policy(asked, path.substr(kPolicy.size()));
  if (path.starts_with(kReference)) {
    return reference(asked.request, asked.actor, path.substr(kReference.size()), asked.now);
  }
  return asked.request.method == "GET" ? list(asked) : wrong_method();
}

HttpResponse PolicyRoutes::list(const OwnRequest& asked) const {
  const auto page = asked.query.page();
  if (!page) return to_response(page.error());
  const auto all = policies_.list(asked.actor);
  if (!all) return to_response(all.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.policies/1").name("policies").begin_array();
  std::string last;
  std::string next;
  std::size_t count = 0;
  for (const broker::PolicyInfo& one : *all) {
    const std::string key = one.kind + (one.repository.empty() ? "" : "/" + one.repository);
    if (key <= page->after) continue;
    if (count++ == page->limit) {
      next = last;
      break;
    }
    w.begin_object().member("for", one.kind);
    if (!one.repository.empty()) w.member("repository", one.repository);
    w.member("version", one.version).end_object();
    last = key;
  }
  w.end_array().member("next", next).end_object();
  return json_response(w);
}

HttpResponse PolicyRoutes::policy(const OwnRequest& asked, std::string_view path) const {
  const auto key = key_of(path);
  if (!key) return not_found();
  const bool get = asked.request.method == "GET";
  const bool post = asked.request.method == "POST";
  const Bytes body = asked.request.body;
  if (key->rest == "versions") {
    return get ? versions(asked.actor, key->key, asked.now) : wrong_method();
  }
  if (key->rest == "rollback") {
    return post ? rollback(asked, key->key) : wrong_method();
  }
  if (key->rest.starts_with(kRego)) {
    if (!post) return wrong_method();
    const auto named = version_condition(asked.request, kParse);
    if (!named) return to_response(named.error());
    return tagged(policies_.set_attestation_policy(
        asked.actor, "default_" + std::string(key->rest.substr(kRego.size())), as_text(body),
        asked.now, *named));
  }
  if (!get && !post) return wrong_method();
  const auto version = asked.query.number("version", 1, kMostVersion);
  if (!version) return to_response(version.error());
  if (post && *version) return malformed(kParse, "Only a GET takes version=NUMBER.");
  if (post) {
    const auto named = version_condition(asked.request, kParse);
    if (!named) return to_response(named.error());
    return tagged(policies_.set(asked.actor, key->key, body, asked.now, *named));
  }
  const auto found = policies_.find(asked.actor, key->key, asked.now, *version);
  if (!found) return to_response(found.error());
  HttpResponse out = ok(found->text);
  out.headers.emplace_back("ETag", version_tag(found->version));
  return out;
}

HttpResponse PolicyRoutes::versions(const broker::Actor& actor, std::string_view key,
                                    UnixTime now) const {
  const auto all = policies_.versions(actor, key, now);
  if (!all) return to_response(all.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.policy-versions/1").name("versions").begin_array();
  for (const broker::PolicyVersion& one : *all) {
    w.begin_object().member("version", one.version).member("time", format_rfc3339(one.time));
    w.member("actor", one.actor).member("sha256", one.sha256);
    w.member("in_force", one.in_force).end_object();
  }
  w.end_array().end_object();
  return json_response(w);
}

HttpResponse PolicyRoutes::rollback(const OwnRequest& asked, std::string_view key) const {
  const auto named = version_condition(asked.request, kParse);
  if (!named) return to_response(named.error());
  const auto json = codec::parse_json(asked.request.body, kLimits);
  const JsonValue* version =
      json && json->is_object() && json->members().size() == 1 ? json->find("version") : nullptr;
  const auto number = version != nullptr ? version->as_uint() : std::nullopt;
  if (!number) return malformed(kParse, "The body is {\"version\":NUMBER}.");
  return tagged(policies_.rollback(asked.actor, key, *number, asked.now, *named));
}

Answer<std::size_t> PolicyRoutes::set_references(Bytes body, const broker::Actor& actor,
                                                 UnixTime now) const {
  const auto values = refval::parse_message(body, now);
  if (!values) return broker::refuse_document(kRvps, CheckId::kMessageForm, values.error());
  return references_.set(actor, *values, now);
}

HttpResponse PolicyRoutes::references(const OwnRequest& asked) const {
  JsonWriter w;
  if (asked.request.method == "POST") {
    const auto set = set_references(asked.request.body, asked.actor, asked.now);
    if (!set) return to_response(set.error());
    w.begin_object().member("set", std::uint64_t{*set}).end_object();
    return json_response(w);
  }
  if (asked.request.method != "GET") return wrong_method();
  const auto wanted = asked.query.page();
  if (!wanted) return to_response(wanted.error());
  const auto page = references_.list(asked.actor, wanted->after, asked.now,
                                     std::min(wanted->limit, broker::kMaxListedValues));
  if (!page) return to_response(page.error());
  w.begin_object().member("schema", "ward.refval-values/1").name("values").begin_array();
  for (const refval::ReferenceValue& one : page->values) {
    write_value(w, one, asked.now);
  }
  w.end_array().member("next", page->next).end_object();
  return json_response(w);
}

HttpResponse PolicyRoutes::reference(const HttpRequest& request, const broker::Actor& actor,
                                     std::string_view id, UnixTime now) const {
  if (request.method == "DELETE") {
    const auto done = references_.remove(actor, id, now);
    return done ? ok("{}") : to_response(done.error());
  }
  if (request.method != "GET") return wrong_method();
  const auto value = references_.get(actor, id, now);
  if (!value) return to_response(value.error());
  JsonWriter w;
  write_value(w, *value, now);
  return json_response(w);
}

Answer<void> PolicyRoutes::set_kbs(Bytes body, const broker::Actor& actor, std::string_view path,
                                   UnixTime now) const {
  if (path == kKbsReference) {
    WARD_CHECK_OK(set_references(body, actor, now));
    return {};
  }
  const Message message(body);
  const auto rego = message.rego();
  if (!rego) {
    return broker::refuse(400, kParse, CheckId::kMessageForm,
                          "policy is the text in base64url without padding.");
  }
  if (path == kResourcePolicy) {
    WARD_CHECK_OK(policies_.set_resource_policy(actor, *rego, now));
  } else {
    WARD_CHECK_OK(policies_.set_attestation_policy(actor, message.text("policy_id").value_or(""),
                                                   *rego, now));
  }
  return {};
}

HttpResponse PolicyRoutes::answer_kbs(const HttpRequest& request, const broker::Actor& actor,
                                      std::string_view path, UnixTime now) const {
  if (path.starts_with(kReference)) {
    if (request.method != "GET") return kbs_response(other_method());
    const auto value = references_.get(actor, path.substr(kReference.size()), now);
    return value ? ok(value->value) : kbs_response(value.error());
  }
  if (path == kResourcePolicy && request.method == "GET") {
    // Trustee lists ids, and there is one.
    const auto text = policies_.get(actor, "results/*", now);
    if (!text && text.error().status != 404) return kbs_response(text.error());
    return ok(text ? "[\"resource-policy\"]" : "[]");
  }
  if (request.method != "POST") return kbs_response(other_method());
  const auto done = set_kbs(request.body, actor, path, now);
  return done ? ok() : kbs_response(done.error());
}

}  // namespace ward::server
