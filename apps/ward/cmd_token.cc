#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "args/args.h"
#include "base/time.h"
#include "codec/json_write.h"
#include "token/ear.h"
#include "token/jwk.h"
#include "token/jwt.h"

// ward token verify: judges an attestation result as a relying party does.
namespace ward::cli {
namespace {

struct Options {
  std::string token_file;
  std::string jwks_file;
  std::string issuer;
  std::string audience;
  std::string at;
  bool allow_development = false;
  bool json = false;
};

constexpr std::int64_t kSkew_s = 60;

std::optional<UnixTime> time_of(const Options& options) {
  if (!options.at.empty()) return parse_rfc3339(options.at);
  return system_now();
}

Result<std::vector<token::JwsKey>> keys_of(const std::string& jwks) {
  WARD_TRY(const auto set, token::parse_jwks(as_bytes(jwks)));
  std::vector<token::JwsKey> out;
  for (const token::Jwk& jwk : set) {
    auto key = token::jws_key(jwk);
    if (key) out.push_back(*std::move(key));  // others are for encrypting
  }
  if (out.empty()) return Error(Errc::kMalformed, "jwks: no key that verifies");
  return out;
}

struct Judged {
  token::VerifiedJwt jwt;
  token::EarView ear;
  Result<void> verdict;
};

Result<std::unique_ptr<Judged>> judge(std::string_view text, const std::vector<token::JwsKey>& keys,
                                      const Options& options, UnixTime now) {
  token::JwtExpectations expected;
  expected.issuer = options.issuer;
  if (!options.audience.empty()) expected.audience = options.audience;
  expected.now = now;
  expected.skew_s = kSkew_s;
  expected.rules = {.typ = "JWT", .ignore_embedded_key = true};
  WARD_TRY(token::VerifiedJwt jwt, token::verify_jwt(text, keys, expected));
  auto out = std::make_unique<Judged>(Judged{std::move(jwt), {}, {}});
  WARD_TRY(out->ear, token::view_ear(out->jwt.claims));
  out->verdict = token::judge_ear(out->ear, options.allow_development);
  return out;
}

Result<std::string> judged_json(const Judged& judged) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.token/1");
  w.member("verdict", judged.verdict ? "accepted" : "refused");
  w.member("reason", judged.verdict ? std::optional<std::string>()
                                    : std::optional<std::string>(judged.verdict.error().what()));
  w.member("expires", format_rfc3339(judged.jwt.expires));
  w.name("submods").begin_array();
  for (const token::EarView::Submod& submod : judged.ear.submods) {
    w.begin_object().member("name", submod.name).member("status", to_text(submod.status));
    w.member("verdict", submod.verdict).member("development", submod.development);
    w.name("unchecked").begin_array();
    for (const std::string& name : submod.unchecked) {
      w.string(name);
    }
    w.end_array().end_object();
  }
  return w.end_array().end_object().take();
}

std::string judged_text(const Judged& judged) {
  std::string out;
  for (const token::EarView::Submod& submod : judged.ear.submods) {
    out += submod.name + ": " + std::string(to_text(submod.status)) +
           (submod.development ? ", development" : "") + '\n';
  }
  if (judged.verdict) out += "accepted until " + format_rfc3339(judged.jwt.expires) + '\n';
  return out;
}

int verify(const Options& options) {
  const auto now = time_of(options);
  if (!now) return not_a_time("--at", options.at);
  constexpr std::string_view kJwksHint = "--jwks takes the issuer's JWKS";
  const auto jwks = read_text(options.jwks_file, token::kMaxJwsBytes);
  if (!jwks) return own_file_failure(options.jwks_file, jwks.error(), kJwksHint);
  const auto keys = keys_of(*jwks);
  if (!keys) return own_file_failure(options.jwks_file, keys.error(), kJwksHint);
  auto text = read_text(options.token_file, token::kMaxJwsBytes + 1);
  if (!text) {
    const bool absent = text.error().code() == Errc::kUnavailable;
    return fail(absent ? kCouldNotTell : kRefused,
                options.token_file + ": " + error_text(text.error()));
  }
  if (!text->empty() && text->back() == '\n') text->pop_back();
  const auto judged = judge(*text, *keys, options, *now);
  if (!judged) return fail(kRefused, options.token_file + ": " + error_text(judged.error()));
  std::string told = judged_text(**judged);
  if (options.json) {
    const auto json = judged_json(**judged);
    if (!json) return fail(kCouldNotTell, error_text(json.error()));
    told = *json + '\n';
  }
  if (const int printed = print(told); printed != kAccepted) return printed;
  const Result<void>& verdict = (*judged)->verdict;
  return verdict ? kAccepted : fail(kRefused, error_text(verdict.error()));
}

}  // namespace

void add_token(args::Command& app, Action& action) {
  auto options = std::make_shared<Options>();
  args::Command* group = app.add_subcommand("token", "attestation results");
  group->require_subcommand(1);
  args::Command* command =
      group->add_subcommand("verify", "judge a result as a relying party does");
  command->add_option("FILE", options->token_file, "the token, a compact JWT")->required();
  command->add_option("--jwks", options->jwks_file, "key set of the verifier that issued it")
      ->required();
  command->add_option("--issuer", options->issuer, "who must have issued it")->required();
  command->add_option("--audience", options->audience,
                      "whom it must be for; without this it is not compared");
  command->add_option("--at", options->at, "judge as of this time, RFC 3339 in UTC");
  command->add_flag("--allow-development", options->allow_development,
                    "accept results about the development platform");
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace ward::cli
