#include "seal/file/body.h"

#include <algorithm>

#include "crypto/kdf.h"
#include "crypto/mac.h"
#include "seal/file/fault.h"
#include "seal/file/sealed_file.h"

namespace ward::seal {
namespace {

constexpr std::size_t kSaltBytes = 32;
constexpr std::size_t kNoncePrefixBytes = 7;
static_assert(1 + kSaltBytes + kNoncePrefixBytes == kBodyHeaderBytes);

// HKDF-SHA256 to 32 octets is one block of expand: HMAC(PRK, info || 01) (RFC 5869 section 2.3).
// Written out because the library bounds `info`, and a header may be longer.
SecretBytes segment_key(const Secret<32>& file_key, Bytes salt, Bytes info) {
  const SecretBytes prk = crypto::hkdf_extract(crypto::Hash::kSha256, salt, file_key.expose());
  Buffer block = to_buffer(info);
  block.push_back(1);
  return crypto::hmac_key(crypto::Hash::kSha256, prk.expose(), block);
}

}  // namespace

Result<SegmentCipher> SegmentCipher::draw(const Secret<32>& file_key, Bytes associated_data,
                                          crypto::Rng& rng) {
  HeaderOctets header{};
  header[0] = kBodyHeaderBytes;
  rng.fill(std::span(header).subspan(1));
  return from_header(file_key, associated_data, header);
}

Result<SegmentCipher> SegmentCipher::from_header(
    const Secret<32>& file_key, Bytes associated_data,
    std::span<const std::uint8_t, kBodyHeaderBytes> header) {
  if (header[0] != kBodyHeaderBytes) {
    return Error(Errc::kMalformed, "seal.body: header size", header[0]);
  }
  const SecretBytes key = segment_key(file_key, header.subspan<1, kSaltBytes>(), associated_data);
  WARD_TRY(crypto::Aead aead,
           crypto::Aead::create(crypto::AeadAlgorithm::kAes256Gcm, key.expose()));
  HeaderOctets octets{};
  std::copy(header.begin(), header.end(), octets.begin());
  return SegmentCipher(std::move(aead), octets);
}

std::array<std::uint8_t, crypto::kAeadNonceBytes> SegmentCipher::nonce(std::uint32_t number,
                                                                       bool last) const {
  std::array<std::uint8_t, crypto::kAeadNonceBytes> out{};
  std::copy_n(header_.begin() + 1 + kSaltBytes, kNoncePrefixBytes, out.begin());
  for (std::size_t i = 0; i < 4; ++i) {
    out[kNoncePrefixBytes + i] = static_cast<std::uint8_t>((number >> (24 - 8 * i)) & 255U);
  }
  out.back() = last ? 1 : 0;
  return out;
}

Result<void> SegmentCipher::seal(std::uint32_t number, bool last, Bytes plaintext,
                                 std::span<std::uint8_t> out) {
  return aead_.seal(nonce(number, last), {}, plaintext, out);
}

Result<void> SegmentCipher::open(std::uint32_t number, bool last, Bytes sealed,
                                 std::span<std::uint8_t> out) {
  return aead_.open(nonce(number, last), {}, sealed, out);
}

std::uint64_t body_size(std::uint64_t plaintext_bytes) {
  const std::uint64_t first = segment_plaintext_bytes(0);
  std::uint64_t segments = 1;
  if (plaintext_bytes > first) {
    segments += (plaintext_bytes - first - 1) / segment_plaintext_bytes(1) + 1;
  }
  return kBodyHeaderBytes + plaintext_bytes + segments * crypto::kAeadTagBytes;
}

}  // namespace ward::seal
