#include "test/ledger/test_signer.h"

#include <array>
#include <memory>

#include <openssl/evp.h>

#include "base/writer.h"

namespace ward::ledger {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Key key_of(std::uint8_t seed) {
  const Buffer raw(32, seed);
  return {EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()),
          EVP_PKEY_free};
}

// The library itself, so that a mistake in ward's own signing cannot hide one in its verifying.
Result<Buffer> sign(std::uint8_t seed, Bytes message) {
  const Key key = key_of(seed);
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Buffer out(64);
  std::size_t size = out.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) != 1 ||
      size != out.size()) {
    return Error(Errc::kInternal, "test: Ed25519");
  }
  return out;
}

}  // namespace

NoteSigner test_signer(std::string_view name, std::uint8_t seed) {
  const Key key = key_of(seed);
  Buffer raw(32);
  std::size_t size = raw.size();
  EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size);
  auto note_key = NoteKey::make(name, *crypto::PublicKey::from_ed25519(raw));
  return {*std::move(note_key), [seed](Bytes message) { return sign(seed, message); }};
}

std::string sign_text(const NoteSigner& signer, const std::string& body) {
  Writer octets;
  octets.u32be(signer.key.id());
  octets.bytes(*signer.sign(as_bytes(body)));
  return body + "\n\xe2\x80\x94 " + signer.key.name() + ' ' +
         to_base64(octets.view(), Base64::kStandard) + '\n';
}

}  // namespace ward::ledger
