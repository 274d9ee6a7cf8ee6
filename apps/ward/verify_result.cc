#include "apps/ward/verify_result.h"

#include <utility>

#include "apps/ward/cli.h"
#include "apps/ward/key_files.h"
#include "args/args.h"
#include "broker/result_token.h"
#include "crypto/rng.h"
#include "token/ear.h"
#include "token/ear_cwt.h"

namespace ward::cli {
namespace {

constexpr std::int64_t kLife_s = 300;
constexpr std::size_t kMostNonce = 64;  // draft-ietf-rats-ear-03 section 3
constexpr std::size_t kLeastNonce = 8;

Result<token::Ear> ear_of(const ResultOptions& options, const attest::Appraisal& appraisal,
                          std::string_view policy) {
  WARD_TRY(token::EarSubmod submod, broker::submod_of(appraisal, {.policy_id = policy}));
  const Buffer& data = appraisal.facts.report_data;
  if (data.size() >= kLeastNonce && data.size() <= kMostNonce) submod.nonce = data;
  crypto::SystemRng rng;
  token::Ear out;
  out.issuer = options.issuer;
  out.verifier_build = "ward " WARD_VERSION;
  out.id = to_hex(crypto::random_array<16>(rng));
  out.issued = appraisal.at;
  out.expires = {appraisal.at.seconds + kLife_s};
  out.submods.push_back(std::move(submod));
  return out;
}

Result<std::string> signed_text(const crypto::PrivateKey& key, const token::Ear& ear,
                                token::EarProfile profile) {
  const token::JwsSigner signer = token::signer_of(key);
  if (profile != token::EarProfile::kCwt) return token::sign_ear(signer, ear, profile);
  WARD_TRY(const Buffer cwt, token::sign_ear_cwt(signer, ear));
  return std::string(as_text(cwt));
}

}  // namespace

args::Option* add_result_options(args::Command& command, ResultOptions& options) {
  auto* ear = command.add_option("--ear", options.file,
                                 "write the verdict as a signed attestation result (EAR)");
  auto* key = command
                  .add_option("--ear-key", options.key,
                              "the private key in PEM that signs it: P-256, P-384, P-521, Ed25519")
                  ->needs(ear);
  ear->needs(key);
  command.add_option("--ear-profile", options.profile, "its form; trustee if not given")
      ->one_of({"trustee", "ietf", "cwt"})
      ->needs(ear);
  command.add_option("--ear-issuer", options.issuer, "who issues it; ward if not given")
      ->needs(ear);
  return ear;
}

Result<std::optional<NewFile>, int> result_file(const ResultOptions& options,
                                                const attest::Appraisal& appraisal,
                                                std::string_view policy) {
  if (options.file.empty()) return std::optional<NewFile>();
  constexpr const char* kHint = "--ear-key takes a private key in PEM: openssl genpkey";
  const auto key = read_signing_key(options.key);
  if (!key) return own_file_failure(options.key, key.error(), kHint);
  if (key->type() == crypto::KeyType::kRsa) {
    return fail(kUsage, options.key + ": an RSA key signs no results", kHint);
  }
  const auto profile = token::ear_profile(options.profile);
  const auto ear = ear_of(options, appraisal, policy);
  auto text = ear ? signed_text(*key, *ear, profile.value_or(token::EarProfile::kTrustee))
                  : Result<std::string>(ear.error());
  if (!text) return fail(kCouldNotTell, options.file + ": " + error_text(text.error()));
  if (profile != token::EarProfile::kCwt) *text += '\n';
  return std::optional<NewFile>(NewFile{options.file, *std::move(text)});
}

}  // namespace ward::cli
