#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/ward/listening.h"
#include "apps/ward/own_evidence.h"
#include "apps/ward/role.h"
#include "apps/ward/role_peer.h"
#include "broker/appraise_request.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/digest.h"

// ward role attester: evidence of this machine, for whoever asks with a challenge, or taken to a
// verifier (passport) or a relying party (background check).
namespace ward::cli {
namespace {

constexpr std::size_t kReportData = 64;
constexpr std::size_t kMaxAsked = 64U << 10U;  // octets of a request

struct Options {
  OwnEvidence own;
  PeerOptions verifier;
  PeerOptions party;
  std::string audience;
  std::string listen = "127.0.0.1:0";
  bool json = false;
};

// evidence_for has `ward attest` make it, in a keep that does nothing else: in base64.
Result<std::string, EvidenceFault> evidence_for(const Options& o, const std::string& report_data) {
  WARD_TRY(const Buffer made, own_evidence(o.own, from_hex(report_data).value_or(Buffer{})));
  return to_base64(made, Base64::kStandard);
}

// report_data_for is what evidence carries for a verifier's nonce: SHA-384 and zeros behind it.
std::string report_data_for(std::string_view bound) {
  Buffer field = to_buffer(crypto::sha384(as_bytes(bound)));
  field.resize(kReportData);
  return to_hex(field);
}

std::string text_in(Bytes json, std::string_view name) {
  const auto value = codec::parse_json(json, {.max_bytes = std::size_t{16} << 20U});
  const auto* member = value ? value->find(name) : nullptr;
  return member != nullptr ? std::string(member->as_string().value_or("")) : std::string();
}

protocol::HttpResponse told(unsigned status, const std::string& text) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = to_buffer(as_bytes(text))};
}

protocol::HttpResponse wrong(unsigned status, std::string_view detail) {
  codec::JsonWriter w;
  w.begin_object().member("type", "AttestationError").member("detail", detail).end_object();
  const auto text = w.take();
  return told(status, text ? *text : std::string());
}

// asked_data is the report data that a request asks for: itself, or for a nonce and runtime data.
std::optional<std::string> asked_data(Bytes body) {
  const auto json = codec::parse_json(body);
  if (!json || !json->is_object()) return std::nullopt;
  const auto text = [&](std::string_view name) -> std::optional<std::string_view> {
    const auto* member = json->find(name);
    return member != nullptr ? member->as_string() : std::nullopt;
  };
  if (const auto data = text("report_data")) {
    const auto octets = from_hex(*data);
    if (!octets || octets->size() != kReportData) return std::nullopt;
    return std::string(*data);
  }
  const auto nonce = text("nonce");
  const auto* runtime = json->find("runtime_data");
  if (!nonce || runtime == nullptr) return std::nullopt;
  const auto bound = broker::appraised_text(*nonce, as_text(runtime->raw(body)), "");
  if (!bound) return std::nullopt;
  return report_data_for(*bound);
}

protocol::HttpResponse answer(const Options& o, const protocol::HttpRequest& request) {
  if (request.target != "/evidence") return {.status = 404};
  if (request.method != "POST") return {.status = 405};
  const auto data = asked_data(request.body);
  if (!data) {
    return wrong(400, "expected report_data, 64 octets in hex, or nonce and runtime_data");
  }
  const auto evidence = evidence_for(o, *data);
  if (!evidence) return wrong(503, evidence.error().what);
  return told(200, R"({"schema":"ward.evidence/1","report_data":")" + *data +
                       R"(","evidence_base64":")" + *evidence + "\"}");
}

int tell(const Options& o, const std::string& url) {
  if (!o.json) return print(url + "\n");
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.role/1").member("role", "attester");
  w.member("url", url).member("tee", o.own.tee);
  const auto text = w.end_object().take();
  return text ? print(*text + "\n") : fail(kCouldNotTell, error_text(text.error()));
}

int serve(const Options& o) {
  net::ServerOptions bounds = small_bounds();
  bounds.max_body_bytes = kMaxAsked;
  return serve_until_end(
      {.listen = o.listen,
       .bounds = bounds,
       .handler = [&](const protocol::HttpRequest& request) { return answer(o, request); }},
      [&](const std::string& url) { return tell(o, url); });
}

// result_of takes evidence to the verifier, and brings its result, whatever that says.
Result<std::string, int> result_of(const Options& o, const Peer& verifier) {
  std::string why;
  const auto challenge = verifier.post("/v1/nonce", "", why);
  if (!challenge) return peer_failure(verifier, challenge.error(), why);
  const auto bound = broker::appraised_text(text_in(*challenge, "nonce"), "{}", "");
  if (!bound) return fail(kRefused, verifier.url() + ": no nonce");
  const auto evidence = evidence_for(o, report_data_for(*bound));
  if (!evidence) return fail(evidence.error().code, evidence.error().what);
  codec::JsonWriter w;
  w.begin_object().member("session", text_in(*challenge, "session"));
  w.name("runtime_data").begin_object().end_object();
  w.member("audience", o.audience).member("evidence_base64", *evidence);
  const auto request = w.end_object().take();
  if (!request) return fail(kRefused, verifier.url() + ": no session");
  const auto reply = verifier.post("/v1/appraise", *request, why);
  if (!reply) return peer_failure(verifier, reply.error(), why);
  std::string ear = text_in(*reply, "ear");
  if (ear.empty()) return fail(kRefused, verifier.url() + ": no result");
  return ear;
}

int print_octets(const Result<Buffer>& given, const Peer& party, const std::string& why) {
  if (!given) return peer_failure(party, given.error(), why);
  return print(as_text(*given));
}

int passport(const Options& o) {
  if (o.audience.empty()) {
    return fail(kUsage, "no --audience", "who will rely on the verifier's result");
  }
  WARD_TRY(const Peer verifier, Peer::of(o.verifier));
  std::optional<Peer> party;
  if (!o.party.url.empty()) {
    WARD_TRY(Peer peer, Peer::of(o.party));
    party.emplace(std::move(peer));
  }
  WARD_TRY(const std::string ear, result_of(o, verifier));
  if (!party) return print(ear + "\n");
  std::string why;
  const auto given = party->post("/passport", ear, why);
  return print_octets(given, *party, why);
}

int background(const Options& o) {
  WARD_TRY(const Peer party, Peer::of(o.party));
  std::string why;
  const auto challenge = party.post("/challenge", "", why);
  if (!challenge) return peer_failure(party, challenge.error(), why);
  const std::string data = text_in(*challenge, "report_data");
  const auto evidence = evidence_for(o, data);
  if (!evidence) return fail(evidence.error().code, evidence.error().what);
  codec::JsonWriter w;
  w.begin_object().member("report_data", data).member("evidence_base64", *evidence);
  const auto request = w.end_object().take();
  if (!request) return fail(kRefused, party.url() + ": no challenge");
  const auto given = party.post("/evidence", *request, why);
  return print_octets(given, party, why);
}

int run(const Options& o) {
  if (!o.verifier.url.empty()) return passport(o);
  return o.party.url.empty() ? serve(o) : background(o);
}

}  // namespace

void add_role_attester(args::Command& role, Action& action) {
  const auto o = std::make_shared<Options>();
  args::Command* c = role.add_subcommand(
      "attester",
      "give evidence of this machine: served to whoever asks, or taken to --verifier (passport) or "
      "--relying-party (background check)");
  add_own_evidence_options(*c, o->own);
  c->add_option("--verifier", o->verifier.url, "the verifier: https://host:port");
  c->add_option("--server-key", o->verifier.server_key, "SHA-256 of the verifier's public key");
  c->add_option("--ca", o->verifier.ca, "CA certificates (PEM) that the verifier's must lead to");
  c->add_option("--relying-party", o->party.url,
                "who takes the result, or the evidence: http://host:port");
  c->add_option("--audience", o->audience, "who will rely on the verifier's result");
  c->add_option("--listen", o->listen, "ADDRESS:PORT to serve at; port 0 takes a free one")
      ->capture_default_str();
  c->add_flag("--json", o->json, "where it serves, print JSON (ward.role/1)");
  c->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace ward::cli
