#include "server/policy_routes.h"

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "codec/json.h"
#include "codec/json_write.h"
#include "refval/refval.h"
#include "server/responses.h"

namespace ward::server {
namespace {

using broker::Answer;
using broker::CheckId;
using codec::JsonValue;
using codec::JsonWriter;
using protocol::HttpRequest;
using protocol::HttpResponse;

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

std::string_view without_query(std::string_view path) { return path.substr(0, path.find('?')); }

// parameter is the value of the only parameter that a query may have; nullopt: another one, or a
// second.
struct Query {
  bool right = true;
  std::optional<std::string_view> value;
};

Query query_of(std::string_view path, std::string_view name) {
  const auto mark = path.find('?');
  if (mark == std::string_view::npos) return {};
  const std::string_view query = path.substr(mark + 1);
  const bool named = query.starts_with(name) && query.substr(name.size()).starts_with('=');
  if (!named || query.find('&') != std::string_view::npos) return {.right = false, .value = {}};
  return {.right = true, .value = query.substr(name.size() + 1)};
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return out;
}

HttpResponse malformed(std::string_view type, std::string_view what) {
  return to_response(broker::refuse(400, type, CheckId::kMessageForm, what));
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

HttpResponse version_response(const Answer<std::uint64_t>& version) {
  if (!version) return to_response(version.error());
  JsonWriter w;
  w.begin_object().member("version", *version).end_object();
  return json_response(w);
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
  const std::string_view name = without_query(path);
  return name == kPolicies || name.starts_with(kPolicy) || name == kReferences ||
         name.starts_with(kReference);
}

bool PolicyRoutes::takes_kbs(std::string_view path) {
  return path == kAttestationPolicy || path == kResourcePolicy || path == kKbsReference ||
         path.starts_with(kReference);
}

HttpResponse PolicyRoutes::answer(const HttpRequest& request, const broker::Actor& actor,
                                  std::string_view path, UnixTime now) const {
  const std::string_view name = without_query(path);
  if (name == kReferences) return references(request, actor, path, now);
  if (name.starts_with(kPolicy)) return policy(request, actor, path.substr(kPolicy.size()), now);
  if (name != path) return malformed(kParse, "This path takes no query.");
  if (name.starts_with(kReference)) {
    return reference(request, actor, name.substr(kReference.size()), now);
  }
  return request.method == "GET" ? list(actor) : wrong_method();
}

HttpResponse PolicyRoutes::list(const broker::Actor& actor) const {
  const auto all = policies_.list(actor);
  if (!all) return to_response(all.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.policies/1").name("policies").begin_array();
  for (const broker::PolicyInfo& one : *all) {
    w.begin_object().member("for", one.kind);
    if (!one.repository.empty()) w.member("repository", one.repository);
    w.member("version", one.version).end_object();
  }
  w.end_array().end_object();
  return json_response(w);
}

HttpResponse PolicyRoutes::policy(const HttpRequest& request, const broker::Actor& actor,
                                  std::string_view path, UnixTime now) const {
  const auto key = key_of(without_query(path));
  if (!key) return not_found();
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  if (key->rest == "versions") return get ? versions(actor, key->key, now) : wrong_method();
  if (key->rest == "rollback") {
    return post ? rollback(request.body, actor, key->key, now) : wrong_method();
  }
  if (key->rest.starts_with(kRego)) {
    if (!post) return wrong_method();
    return version_response(policies_.set_attestation_policy(
        actor, "default_" + std::string(key->rest.substr(kRego.size())), as_text(request.body),
        now));
  }
  if (!get && !post) return wrong_method();
  const Query query = query_of(path, "version");
  const auto version = query.value ? number_of(*query.value) : std::nullopt;
  if (!query.right || (query.value && (!version || post))) {
    return malformed(kParse, "The query is version=NUMBER, of a GET.");
  }
  if (post) return version_response(policies_.set(actor, key->key, request.body, now));
  const auto text = policies_.get(actor, key->key, now, version);
  return text ? ok(*text) : to_response(text.error());
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

HttpResponse PolicyRoutes::rollback(Bytes body, const broker::Actor& actor, std::string_view key,
                                    UnixTime now) const {
  const auto json = codec::parse_json(body, kLimits);
  const JsonValue* version =
      json && json->is_object() && json->members().size() == 1 ? json->find("version") : nullptr;
  const auto number = version != nullptr ? version->as_uint() : std::nullopt;
  if (!number) return malformed(kParse, "The body is {\"version\":NUMBER}.");
  return version_response(policies_.rollback(actor, key, *number, now));
}

Answer<std::size_t> PolicyRoutes::set_references(Bytes body, const broker::Actor& actor,
                                                 UnixTime now) const {
  const auto values = refval::parse_message(body, now);
  if (!values) return broker::refuse_document(kRvps, CheckId::kMessageForm, values.error());
  return references_.set(actor, *values, now);
}

HttpResponse PolicyRoutes::references(const HttpRequest& request, const broker::Actor& actor,
                                      std::string_view path, UnixTime now) const {
  const Query query = query_of(path, "after");
  if (!query.right) return malformed(kRvps, "The query is after=ID.");
  JsonWriter w;
  if (request.method == "POST") {
    const auto set = set_references(request.body, actor, now);
    if (!set) return to_response(set.error());
    w.begin_object().member("set", std::uint64_t{*set}).end_object();
    return json_response(w);
  }
  if (request.method != "GET") return wrong_method();
  const auto page = references_.list(actor, query.value.value_or(""), now);
  if (!page) return to_response(page.error());
  w.begin_object().member("schema", "ward.refval-values/1").name("values").begin_array();
  for (const refval::ReferenceValue& one : page->values) {
    write_value(w, one, now);
  }
  w.end_array().member("next", page->next).end_object();
  return json_response(w);
}

HttpResponse PolicyRoutes::reference(const HttpRequest& request, const broker::Actor& actor,
                                     std::string_view id, UnixTime now) const {
  if (request.method == "DELETE") {
    const auto done = references_.remove(actor, id, now);
    return done ? ok() : to_response(done.error());
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
    if (request.method != "GET") return wrong_method();
    const auto value = references_.get(actor, path.substr(kReference.size()), now);
    return value ? ok(value->value) : to_response(value.error());
  }
  if (path == kResourcePolicy && request.method == "GET") {
    // Trustee lists ids, and there is one.
    const auto text = policies_.get(actor, "results/*", now);
    if (!text && text.error().status != 404) return to_response(text.error());
    return ok(text ? "[\"resource-policy\"]" : "[]");
  }
  if (request.method != "POST") return wrong_method();
  const auto done = set_kbs(request.body, actor, path, now);
  return done ? ok() : to_response(done.error());
}

}  // namespace ward::server
