#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "apps/ward/key_files.h"
#include "apps/ward/result_octets.h"
#include "args/args.h"
#include "base/time.h"
#include "codec/json_write.h"
#include "token/cose.h"
#include "token/ear.h"
#include "token/ear_cwt.h"
#include "token/jwk.h"
#include "token/jwt.h"

// ward token verify: judges an attestation result as a relying party does.
namespace ward::cli {
namespace {

struct Options {
  std::string token_file;
  std::string jwks_file;
  std::vector<std::string> key_files;
  std::string issuer;
  std::string audience;
  std::string nonce;
  std::string at;
  bool allow_development = false;
  bool json = false;
};

constexpr std::int64_t kSkew_s = 60;

std::optional<UnixTime> time_of(const Options& options) {
  if (!options.at.empty()) return parse_rfc3339(options.at);
  return system_now();
}

// The keys that the options name; the exit code of a mistake.
Result<std::vector<token::JwsKey>, int> keys_of(const Options& options) {
  std::vector<token::JwsKey> out;
  if (!options.jwks_file.empty()) {
    auto set = read_jwks(options.jwks_file);
    if (!set) {
      return own_file_failure(options.jwks_file, set.error(), "--jwks takes the issuer's JWKS");
    }
    out = *std::move(set);
  }
  for (const std::string& file : options.key_files) {
    auto key = read_verifying_key(file);
    if (!key) {
      return own_file_failure(file, key.error(),
                              "--key takes a public key in PEM: openssl pkey -pubout");
    }
    out.push_back(*std::move(key));
  }
  if (out.empty()) {
    return fail(kUsage, "no key of the issuer", "--jwks takes its JWKS, --key a public key in PEM");
  }
  // Beside others a key is meant by its thumbprint alone, which is what ward's tokens call it.
  for (token::JwsKey& key : out) {
    if (out.size() > 1 && key.kid.empty()) key.kid = token::thumbprint(key.key);
  }
  return out;
}

struct Judged {
  token::EarProfile profile;
  token::VerifiedJwt jwt;
  token::EarView ear;
  std::vector<std::string> not_compared;
  Result<void> verdict;
};

Result<token::VerifiedJwt> verified(Bytes octets, const std::vector<token::JwsKey>& keys,
                                    const token::JwtExpectations& expected) {
  if (is_cwt(octets)) return token::verify_cwt(octets, keys, expected);
  return token::verify_jwt(as_text(octets), keys, expected);
}

Result<void> verdict_on(const token::EarView& ear, const Options& options) {
  WARD_CHECK_OK(token::judge_ear(ear, options.allow_development, options.nonce));
  if (!options.nonce.empty() && !token::answers_nonce(ear, options.nonce)) {
    return Error(Errc::kDenied, "ear: the nonce is not the expected one, or not there");
  }
  return {};
}

Result<std::unique_ptr<Judged>> judge(Bytes octets, const std::vector<token::JwsKey>& keys,
                                      const Options& options, UnixTime now) {
  token::JwtExpectations expected;
  std::vector<std::string> not_compared;
  const auto name = [&](const char* what, const std::string& wanted,
                        std::variant<token::Unchecked, std::string>* into) {
    if (wanted.empty()) not_compared.emplace_back(what);
    if (!wanted.empty() && into != nullptr) *into = wanted;
  };
  name("issuer", options.issuer, &expected.issuer);
  name("audience", options.audience, &expected.audience);
  name("nonce", options.nonce, nullptr);
  expected.now = now;
  expected.skew_s = kSkew_s;
  expected.rules = {.typ = "JWT", .or_typ = "eat+jwt", .ignore_embedded_key = true};
  WARD_TRY(token::VerifiedJwt jwt, verified(octets, keys, expected));
  auto out = std::make_unique<Judged>(Judged{.profile = token::EarProfile::kCwt,
                                             .jwt = std::move(jwt),
                                             .ear = {},
                                             .not_compared = std::move(not_compared),
                                             .verdict = {}});
  WARD_TRY(out->ear, token::view_ear(out->jwt.claims));
  if (!is_cwt(octets)) out->profile = out->ear.profile;
  out->verdict = verdict_on(out->ear, options);
  return out;
}

void write_texts(codec::JsonWriter& w, const char* name, const std::vector<std::string>& texts) {
  w.name(name).begin_array();
  for (const std::string& text : texts) {
    w.string(text);
  }
  w.end_array();
}

// A result says of a check that passed nothing but that.
void write_check(codec::JsonWriter& w, const token::EarCheck& check) {
  w.begin_object().member("id", check.id).member("outcome", check.outcome);
  const std::pair<const char*, const std::string&> texts[] = {
      {"found", check.found},
      {"expected", check.expected},
      {"expected_from", check.expected_from},
      {"reference", check.reference},
      {"hint", check.hint}};
  for (const auto& [name, text] : texts) {
    if (!text.empty()) w.member(name, text);
  }
  w.end_object();
}

void write_submod(codec::JsonWriter& w, const token::EarView::Submod& submod) {
  w.begin_object().member("name", submod.name).member("status", to_text(submod.status));
  w.name("vector").begin_object();
  for (const token::VectorMember& member : token::vector_members()) {
    w.member(member.name, submod.vector.*member.claim);
  }
  w.end_object();
  w.member("verdict", submod.verdict).member("development", submod.development);
  w.member("tcb_status", submod.tcb_status);
  write_texts(w, "policies", submod.policy_ids);
  write_texts(w, "unchecked", submod.unchecked);
  w.name("checks").begin_array();
  for (const token::EarCheck& check : submod.checks) {
    write_check(w, check);
  }
  w.end_array().end_object();
}

Result<std::string> judged_json(const Judged& judged) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.token/1");
  w.member("verdict", judged.verdict ? "accepted" : "refused");
  w.member("reason", judged.verdict ? std::optional<std::string>()
                                    : std::optional<std::string>(judged.verdict.error().what()));
  w.member("profile", to_text(judged.profile));
  w.member("expires", format_rfc3339(judged.jwt.expires));
  write_texts(w, "not_compared", judged.not_compared);
  w.name("submods").begin_array();
  for (const token::EarView::Submod& submod : judged.ear.submods) {
    write_submod(w, submod);
  }
  return w.end_array().end_object().take();
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

// line is one of a submod, for people: nothing of the issuer's reaches the terminal as it stands.
std::string line(const char* name, const std::string& text) {
  if (text.empty()) return {};
  return "  " + std::string(name) + ": " + for_terminal(text) + '\n';
}

std::string vector_text(const token::TrustVector& vector) {
  std::vector<std::string> out;
  for (const token::VectorMember& member : token::vector_members()) {
    const std::int8_t claim = vector.*member.claim;
    if (claim == 0) continue;
    out.push_back(std::string(member.name) + " " + std::to_string(claim) + " (" +
                  std::string(to_text(token::tier_of(claim))) + ")");
  }
  return joined(out);
}

// The reasons: how many checks passed, and each other one by name.
std::string checks_text(const std::vector<token::EarCheck>& checks) {
  if (checks.empty()) return {};
  const auto passed =
      std::ranges::count(checks, std::string_view("passed"), &token::EarCheck::outcome);
  std::string out = "  checks: " + std::to_string(passed) + " of " + std::to_string(checks.size()) +
                    " passed (ward checks: what each is)\n";
  for (const token::EarCheck& check : checks) {
    if (check.outcome == "passed") continue;
    std::string text = check.id;
    if (!check.found.empty()) text += ", found " + check.found;
    if (!check.expected.empty()) text += ", expected " + check.expected;
    out += line(check.outcome == "failed" ? "failed" : "not done", text);
  }
  return out;
}

std::string judged_text(const Judged& judged) {
  std::string out;
  for (const token::EarView::Submod& submod : judged.ear.submods) {
    out += for_terminal(submod.name) + ": " + std::string(to_text(submod.status)) +
           (submod.development ? ", development" : "") + '\n';
    out += line("vector", vector_text(submod.vector));
    out += line("verdict", submod.verdict);
    out += line("tcb", submod.tcb_status);
    out += line("policy", joined(submod.policy_ids));
    out += checks_text(submod.checks);
    out += line("unchecked", joined(submod.unchecked));
  }
  if (!judged.not_compared.empty()) out += "not compared: " + joined(judged.not_compared) + '\n';
  if (judged.verdict) out += "accepted until " + format_rfc3339(judged.jwt.expires) + '\n';
  return out;
}

int verify(const Options& options) {
  const auto now = time_of(options);
  if (!now) return not_a_time("--at", options.at);
  WARD_TRY(const std::vector<token::JwsKey> keys, keys_of(options));
  const auto octets = read_file(options.token_file, token::kMaxJwsBytes + 1);
  if (!octets) {
    const bool absent = octets.error().code() == Errc::kUnavailable;
    return fail(absent ? kCouldNotTell : kRefused,
                options.token_file + ": " + error_text(octets.error()));
  }
  const auto judged = judge(result_octets(*octets), keys, options, *now);
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
  command
      ->add_option("FILE", options->token_file,
                   "the result: a compact JWT of Trustee's or the IETF's profile, or a CWT (also "
                   "in base64); - "
                   "is standard input")
      ->required();
  command->add_option("--jwks", options->jwks_file, "key set of the verifier that issued it");
  command
      ->add_option("--key", options->key_files,
                   "the issuer's public key in PEM, beside or instead of a set; may be given again")
      ->allow_extra_args(false);
  command->add_option("--issuer", options->issuer,
                      "who must have issued it; without this it is not compared");
  command->add_option("--audience", options->audience,
                      "whom it must be for; without this it is not compared");
  command->add_option("--nonce", options->nonce,
                      "the nonce that it must answer, in base64; without this it is not compared");
  command->add_option("--at", options->at, "judge as of this time, RFC 3339 in UTC");
  command->add_flag("--allow-development", options->allow_development,
                    "accept results about the development platform");
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace ward::cli
