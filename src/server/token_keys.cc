#include <algorithm>
#include <array>
#include <utility>

#include "codec/pem.h"
#include "server/key_file.h"
#include "server/token_algorithm.h"

namespace ward::server {
namespace {

constexpr std::string_view kPrivate = "PRIVATE KEY";
constexpr std::string_view kPublic = "PUBLIC KEY";
constexpr std::string_view kRetired = "retired: ";

// The times in the lines `retired: ...`, in order.
Result<std::vector<UnixTime>> retired_times(std::string_view text) {
  std::vector<UnixTime> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(kRetired)) continue;
    const auto time = parse_rfc3339(line.substr(kRetired.size()));
    if (!time) return Error(Errc::kMalformed, "token key: a line `retired:` without a time");
    out.push_back(*time);
  }
  return out;
}

Result<void> add_block(TokenKeys& keys, const codec::PemBlock& block,
                       const std::vector<UnixTime>& times) {
  if (block.label == kPrivate && !keys.next && keys.retired.empty()) {
    WARD_TRY(keys.next, crypto::PrivateKey::from_pkcs8(block.der));
    return {};
  }
  if (block.label != kPublic) {
    return Error(Errc::kMalformed, "token key: a block of another kind, or out of order");
  }
  if (keys.retired.size() == kMaxRetiredKeys) return Error(Errc::kLimit, "token key: retired keys");
  if (keys.retired.size() == times.size()) {
    return Error(Errc::kMalformed, "token key: a public key without its line `retired:`");
  }
  WARD_TRY(crypto::PublicKey key, crypto::PublicKey::from_spki(block.der));
  keys.retired.push_back({std::move(key), times.at(keys.retired.size())});
  return {};
}

Result<TokenKeys> read_blocks(const std::vector<codec::PemBlock>& blocks,
                              const std::vector<UnixTime>& times) {
  if (blocks.front().label != kPrivate) {
    return Error(Errc::kMalformed, "token key: no PRIVATE KEY comes first");
  }
  WARD_TRY(crypto::PrivateKey signing, crypto::PrivateKey::from_pkcs8(blocks.front().der));
  TokenKeys out{std::move(signing), std::nullopt, {}};
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    WARD_CHECK_OK(add_block(out, blocks[i], times));
  }
  if (out.retired.size() != times.size()) {
    return Error(Errc::kMalformed, "token key: a line `retired:` too many");
  }
  return out;
}

Result<void> check_keys(const TokenKeys& keys) {
  std::vector<Buffer> seen;
  for (const crypto::PublicKey& key : public_halves(keys)) {
    WARD_CHECK_OK(token_algorithm(key.type()));
    seen.push_back(key.to_spki());
    if (std::count(seen.begin(), seen.end(), seen.back()) > 1) {
      return Error(Errc::kMalformed, "token key: one key twice");
    }
  }
  return {};
}

}  // namespace

Result<crypto::KeyType> token_key_type(std::string_view algorithm) {
  const auto* const known = std::ranges::find(kTokenAlgorithms, algorithm);
  if (known == kTokenAlgorithms.end()) {
    return Error(Errc::kUnsupported, "token key: an algorithm other than ES256, ES384 and EdDSA");
  }
  using enum crypto::KeyType;
  constexpr std::array<crypto::KeyType, kTokenAlgorithms.size()> kTypes = {kP256, kP384, kEd25519};
  return kTypes.at(static_cast<std::size_t>(known - kTokenAlgorithms.begin()));
}

Result<std::string_view> token_algorithm(crypto::KeyType type) {
  for (const std::string_view algorithm : kTokenAlgorithms) {
    WARD_TRY(const crypto::KeyType its, token_key_type(algorithm));
    if (its == type) return algorithm;
  }
  return Error(Errc::kUnsupported, "token key: another kind of key than P-256, P-384 and Ed25519");
}

std::vector<crypto::PublicKey> public_halves(const TokenKeys& keys) {
  std::vector<crypto::PublicKey> out{keys.signing.public_key()};
  if (keys.next) out.push_back(keys.next->public_key());
  for (const TokenKeys::Retired& one : keys.retired) {
    out.push_back(one.key);
  }
  return out;
}

SecretBytes write_token_keys(const TokenKeys& keys) {
  std::string text;
  text.reserve(kMaxKeyFileBytes);  // so that no copy of a secret is left where it grew
  text += as_text(write_private_key(keys.signing).expose());
  if (keys.next) text += as_text(write_private_key(*keys.next).expose());
  for (const TokenKeys::Retired& one : keys.retired) {
    text += std::string(kRetired) + format_rfc3339(one.since) + "\n" +
            codec::to_pem(kPublic, one.key.to_spki());
  }
  SecretBytes out = SecretBytes::copy_of(as_bytes(text));
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(text.data())), text.size()});
  return out;
}

Result<TokenKeys> parse_token_keys(Bytes text) {
  WARD_TRY(const std::vector<UnixTime> times, retired_times(as_text(text)));
  auto blocks = codec::parse_pem(as_text(text));
  if (!blocks) return blocks.error();
  auto keys = read_blocks(*blocks, times);
  for (codec::PemBlock& block : *blocks) {
    wipe(block.der);
  }
  if (!keys) return keys;
  WARD_CHECK_OK(check_keys(*keys));
  return keys;
}

void drop_expired(TokenKeys& keys, UnixTime now) {
  std::erase_if(keys.retired, [&](const TokenKeys::Retired& one) {
    return one.since.seconds + kRetiredFor_s <= now.seconds;
  });
}

Result<TokenKeys> rotate(TokenKeys keys, crypto::PrivateKey fresh, Rotation how, UnixTime now) {
  if (how == Rotation::kCompromised) return TokenKeys{std::move(fresh), std::nullopt, {}};
  drop_expired(keys, now);
  if (how == Rotation::kPublish) {
    if (keys.next) return Error(Errc::kStale, "token key: there is a next key already");
    keys.next = std::move(fresh);
    return keys;
  }
  if (keys.retired.size() == kMaxRetiredKeys) return Error(Errc::kLimit, "token key: retired keys");
  keys.retired.push_back({keys.signing.public_key(), now});
  keys.signing = keys.next ? *std::move(keys.next) : std::move(fresh);
  keys.next.reset();
  return keys;
}

}  // namespace ward::server
