#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "apps/ward/input.h"
#include "apps/ward/key_files.h"
#include "apps/ward/listening.h"
#include "apps/ward/result_octets.h"
#include "apps/ward/role.h"
#include "apps/ward/role_peer.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/rng.h"
#include "token/ear.h"
#include "token/ear_cwt.h"
#include "token/jwk.h"

// ward role relying-party: gives a file to whoever a verifier's attestation result speaks for,
// whether the attester brings the result (passport) or evidence (background check).
namespace ward::cli {
namespace {

constexpr std::int64_t kSkew_s = 60;
constexpr std::int64_t kChallengeLife_s = 300;
constexpr std::int64_t kAskAgain_s = 30;  // for keys, where a result names one that is not known
constexpr std::size_t kMaxChallenges = 1024;
constexpr std::size_t kReportData = 64;
constexpr std::size_t kMaxContent = 16U << 20U;

struct Options {
  PeerOptions verifier;
  std::string jwks;
  std::string name;
  std::string issuer;
  std::string file;
  std::string listen = "127.0.0.1:0";
  bool allow_development = false;
  bool json = false;
};

Result<std::vector<token::JwsKey>> keys_in(Bytes set) {
  WARD_TRY(const std::vector<token::Jwk> all, token::parse_jwks(set));
  std::vector<token::JwsKey> out;
  for (const token::Jwk& jwk : all) {
    if (auto key = token::jws_key(jwk)) out.push_back(*std::move(key));
  }
  return out;
}

// VerifierKeys are those that results are signed with: a file's, or what the verifier publishes,
// asked for again where a result does not verify, so that its keys may change. Thread safe.
class VerifierKeys {
 public:
  explicit VerifierKeys(const Peer* verifier) : verifier_(verifier) {}

  void set(std::vector<token::JwsKey> keys) {
    const std::lock_guard<std::mutex> lock(mutex_);
    keys_ = std::move(keys);
  }

  [[nodiscard]] std::vector<token::JwsKey> all() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return keys_;
  }

  // ask_again is true where there may be other keys now.
  bool ask_again(UnixTime now) {
    if (verifier_ == nullptr) return false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (now.seconds < asked_.seconds + kAskAgain_s) return false;
      asked_ = now;
    }
    return fetch().has_value();
  }

  Result<void> fetch() {
    std::string why;
    WARD_TRY(const Buffer set, verifier_->get("/.well-known/jwks.json", why));
    WARD_TRY(std::vector<token::JwsKey> keys, keys_in(set));
    this->set(std::move(keys));
    return {};
  }

 private:
  const Peer* verifier_;      // borrowed; null: the keys are a file's
  mutable std::mutex mutex_;  // guards all below
  std::vector<token::JwsKey> keys_;
  UnixTime asked_;
};

// Challenges are those that evidence may answer, each once. Thread safe.
class Challenges {
 public:
  // next is nullopt where too many are open.
  std::optional<std::string> next(UnixTime now) {
    const std::string out = to_hex(crypto::random_array<kReportData>(rng_));
    const std::lock_guard<std::mutex> lock(mutex_);
    std::erase_if(open_, [&](const auto& one) { return one.second.seconds <= now.seconds; });
    if (open_.size() >= kMaxChallenges) return std::nullopt;
    open_.emplace(out, UnixTime{now.seconds + kChallengeLife_s});
    return out;
  }

  // take is true once for each that is open.
  bool take(const std::string& challenge, UnixTime now) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = open_.find(challenge);
    if (found == open_.end()) return false;
    const bool good = now.seconds < found->second.seconds;
    open_.erase(found);
    return good;
  }

 private:
  crypto::SystemRng rng_;
  std::mutex mutex_;  // guards open_
  std::map<std::string, UnixTime> open_;
};

// values_of is what a check found and expected, as far as the result says so.
std::string values_of(const token::EarCheck& check) {
  std::string out;
  if (!check.found.empty()) out = "found " + check.found;
  if (!check.expected.empty()) out += (out.empty() ? "expected " : "; expected ") + check.expected;
  return out.empty() ? out : " (" + out + ")";
}

// reasons_of are the checks that speak against a result: those that failed, else those that were
// not done; the first with its values, the others by name. Empty where it names none.
std::string reasons_of(const token::EarView& ear) {
  std::string out;
  for (const std::string_view outcome : {"failed", "not_done"}) {
    for (const token::EarView::Submod& submod : ear.submods) {
      if (submod.verdict == "accepted") continue;
      for (const token::EarCheck& check : submod.checks) {
        if (check.outcome != outcome) continue;
        out += out.empty() ? ": " + check.id + values_of(check) : ", " + check.id;
      }
    }
    if (!out.empty()) return out;
  }
  return out;
}

// why_not says why a verified result is not good: judge_ear's word, and what the result gives.
std::string why_not(const Error& error, const token::EarView& ear, bool allow_development) {
  const bool development =
      std::ranges::any_of(ear.submods, [](const auto& submod) { return submod.development; });
  std::string out = error.what() + reasons_of(ear);
  if (development && !allow_development) {
    out += "; it is of a development platform, which is not accepted here (--allow-development)";
  }
  return out;
}

protocol::HttpResponse refused(std::string_view reason, unsigned status = 403) {
  codec::JsonWriter w;
  w.begin_object().member("type", "PolicyDeny").member("detail", reason).end_object();
  const auto text = w.take();
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = text ? to_buffer(as_bytes(*text)) : Buffer{}};
}

using Judged = Result<void, std::string>;  // or why not

class RelyingParty {
 public:
  RelyingParty(const Options& options, const Peer* verifier, Buffer content)
      : options_(options),
        verifier_(verifier),
        keys_(options.jwks.empty() ? verifier : nullptr),
        content_(std::move(content)) {}

  VerifierKeys& keys() { return keys_; }

  protocol::HttpResponse answer(const protocol::HttpRequest& request) {
    const bool passport = request.target == "/passport";
    const bool challenge = request.target == "/challenge";
    if (!passport && !challenge && request.target != "/evidence") return {.status = 404};
    if (request.method != "POST") return {.status = 405};
    const UnixTime now = system_now();
    if (passport) return give(judge(request.body, std::nullopt, now));
    if (verifier_ == nullptr) return refused("no verifier is known here: bring a result");
    return challenge ? give_challenge(now) : check_background(request.body, now);
  }

 private:
  [[nodiscard]] protocol::HttpResponse give(const Judged& judged) const {
    if (!judged) return refused(judged.error());
    return {
        .status = 200, .headers = {{"Content-Type", "application/octet-stream"}}, .body = content_};
  }

  protocol::HttpResponse give_challenge(UnixTime now) {
    const auto challenge = challenges_.next(now);
    if (!challenge) {
      return refused("1024 challenges are open, the most that may be: ask again later", 503);
    }
    return {.status = 200,
            .headers = {{"Content-Type", "application/json"}},
            .body = to_buffer(as_bytes(R"({"report_data":")" + *challenge + "\"}"))};
  }

  [[nodiscard]] Result<token::VerifiedJwt> verified(Bytes result, UnixTime now) const {
    token::JwtExpectations expected;
    if (!options_.issuer.empty()) expected.issuer = options_.issuer;
    expected.audience = options_.name;
    expected.now = now;
    expected.skew_s = kSkew_s;
    expected.rules = {.typ = "JWT", .or_typ = "eat+jwt", .ignore_embedded_key = true};
    const std::vector<token::JwsKey> keys = keys_.all();
    if (is_cwt(result)) return token::verify_cwt(result, keys, expected);
    return token::verify_jwt(as_text(result), keys, expected);
  }

  // judge takes a result that is this verifier's, for this relying party, and good.
  Judged judge(Bytes given, const std::optional<std::string>& nonce, UnixTime now) {
    const Buffer result = result_octets(given);
    auto jwt = verified(result, now);
    if (!jwt && jwt.error().code() == Errc::kUntrusted && keys_.ask_again(now)) {
      jwt = verified(result, now);
    }
    if (!jwt) return std::string(jwt.error().what());
    const auto ear = token::view_ear(jwt->claims);
    if (!ear) return std::string(ear.error().what());
    const auto good =
        token::judge_ear(*ear, options_.allow_development, nonce ? *nonce : std::string());
    if (!good) return why_not(good.error(), *ear, options_.allow_development);
    if (nonce && !token::answers_nonce(*ear, *nonce)) {
      return std::string("ear: it does not answer this challenge");
    }
    return {};
  }

  // check_background hands evidence on to the verifier; what it says counts by its signature.
  protocol::HttpResponse check_background(Bytes body, UnixTime now) {
    const auto json = codec::parse_json(body, {.max_bytes = net::ServerOptions().max_body_bytes});
    const auto* data = json ? json->find("report_data") : nullptr;
    const auto challenge = data != nullptr ? data->as_string() : std::nullopt;
    if (!challenge) return refused("no report_data: ask for a /challenge first");
    if (!challenges_.take(std::string(*challenge), now)) {
      return refused("no open challenge of this relying party's: ask for another one");
    }
    codec::JsonWriter w;
    w.begin_object().member("report_data", *challenge).member("audience", options_.name);
    w.member("profile", to_text(token::EarProfile::kIetf));
    for (const char* name : {"tee", "evidence", "evidence_base64"}) {
      if (const auto* member = json->find(name)) w.member(name, *member);
    }
    const auto request = w.end_object().take();
    if (!request) return refused("the evidence cannot be handed on");
    std::string why;
    const auto reply = verifier_->post("/v1/appraise", *request, why);
    if (!reply) return refused("verifier: " + (why.empty() ? error_text(reply.error()) : why));
    const auto appraised = codec::parse_json(*reply, {.max_bytes = kMaxContent});
    const auto* ear = appraised ? appraised->find("ear") : nullptr;
    if (ear == nullptr || !ear->as_string()) return refused("verifier: no result");
    const Buffer nonce = from_hex(*challenge).value_or(Buffer{});
    return give(judge(as_bytes(*ear->as_string()), to_base64(nonce, Base64::kUrl), now));
  }

  const Options& options_;
  const Peer* verifier_;  // borrowed; null: none
  VerifierKeys keys_;
  Challenges challenges_;
  Buffer content_;
};

int tell(const Options& o, const std::string& url) {
  if (!o.json) return print(url + "\n");
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.role/1").member("role", "relying-party");
  w.member("url", url).member("name", o.name);
  const auto text = w.end_object().take();
  return text ? print(*text + "\n") : fail(kCouldNotTell, error_text(text.error()));
}

int serve(const Options& o) {
  if (o.verifier.url.empty() && o.jwks.empty()) {
    return fail(kUsage, "no verifier", "--verifier URL, or --jwks FILE with its keys");
  }
  auto content = read_file(o.file, kMaxContent);
  if (!content) return fail(kCouldNotTell, o.file + ": " + error_text(content.error()));
  std::optional<Peer> verifier;
  if (!o.verifier.url.empty()) {
    WARD_TRY(Peer peer, Peer::of(o.verifier));
    verifier.emplace(std::move(peer));
  }
  RelyingParty party(o, verifier ? &*verifier : nullptr, *std::move(content));
  if (!o.jwks.empty()) {
    auto keys = read_jwks(o.jwks);
    if (!keys) return own_file_failure(o.jwks, keys.error(), "--jwks takes the verifier's JWKS");
    party.keys().set(*std::move(keys));
  } else if (const auto fetched = party.keys().fetch(); !fetched) {
    return peer_failure(*verifier, fetched.error(), "");
  }
  net::ServerOptions bounds;
  bounds.io_threads = 1;
  return serve_until_end(
      {.listen = o.listen,
       .bounds = bounds,
       .handler = [&](const protocol::HttpRequest& request) { return party.answer(request); }},
      [&](const std::string& url) { return tell(o, url); });
}

}  // namespace

void add_role_relying_party(args::Command& role, Action& action) {
  const auto o = std::make_shared<Options>();
  args::Command* c = role.add_subcommand(
      "relying-party",
      "give a file to whom a verifier's result speaks for: brought (passport) or asked for "
      "(background check)");
  c->add_option("FILE", o->file, "what it gives")->required();
  c->add_option("--name", o->name, "the audience that results must name")->required();
  c->add_option("--verifier", o->verifier.url, "the verifier: https://host:port");
  c->add_option("--server-key", o->verifier.server_key, "SHA-256 of the verifier's public key");
  c->add_option("--ca", o->verifier.ca, "CA certificates (PEM) that the verifier's must lead to");
  c->add_option("--jwks", o->jwks, "the verifier's key set, instead of the one that it publishes");
  c->add_option("--issuer", o->issuer, "who must have issued results");
  c->add_option("--listen", o->listen, "ADDRESS:PORT; port 0 takes a free one")
      ->capture_default_str();
  c->add_flag("--allow-development", o->allow_development,
              "accept results about the development platform");
  c->add_flag("--json", o->json, "print JSON (ward.role/1)");
  c->callback([o, &action] { action = [o] { return serve(*o); }; });
}

}  // namespace ward::cli
