#include "apps/wardd/rotate.h"

#include <utility>

#include "server/files.h"
#include "server/token_algorithm.h"
#include "token/jwk.h"

namespace ward::wardd {
namespace {

std::string algorithm_of(const crypto::PrivateKey& key) {
  const auto name = server::token_algorithm(key.type());  // the file holds no others
  return name ? std::string(*name) : std::string();
}

}  // namespace

Result<std::string, Failure> rotate_token_keys(const Config& config, server::Rotation how,
                                               const std::string& algorithm, UnixTime now,
                                               crypto::Rng& rng) {
  const std::string& path = config.token_key;
  WARD_TRY(server::TokenKeys before, load_token_keys(path));
  const std::string kind = algorithm.empty() ? algorithm_of(before.signing) : algorithm;
  const auto type = server::token_key_type(kind);
  if (!type) return failed(type.error(), path);
  if (how == server::Rotation::kSwitch && before.next && algorithm_of(*before.next) != kind &&
      !algorithm.empty()) {
    Failure failure =
        failed(Error(Errc::kStale, "token key: the next key is of another kind"), path);
    failure.hint = "`wardd rotate` without --token-algorithm puts it into use";
    return failure;
  }
  auto fresh = crypto::PrivateKey::generate(*type, rng);
  if (!fresh) return failed(fresh.error(), path);
  const auto keys = server::rotate(std::move(before), *std::move(fresh), how, now);
  if (!keys) {
    Failure failure = failed(keys.error(), path);
    const bool full = keys.error().code() == Errc::kLimit;
    failure.hint = full ? "results of the retired keys expire within 70 minutes"
                        : "`wardd rotate` without --publish puts it into use";
    return failure;
  }
  const auto written = server::replace_file(path, server::write_token_keys(*keys).expose());
  if (!written) return failed(written.error(), path);
  std::string out = "signs    " + token::thumbprint(keys->signing.public_key()) + "\n";
  if (keys->next) out += "next     " + token::thumbprint(keys->next->public_key()) + "\n";
  for (const server::TokenKeys::Retired& one : keys->retired) {
    out += "retired  " + token::thumbprint(one.key) + " until " +
           format_rfc3339({one.since.seconds + server::kRetiredFor_s}) + "\n";
  }
  return out;
}

}  // namespace ward::wardd
