#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/aead.h"
#include "crypto/rng.h"
#include "crypto/secret.h"

// Tink's streaming AEAD AES256_GCM_HKDF_1MB, one segment at a time
// (developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming).
namespace ward::seal {

inline constexpr std::size_t kSegmentBytes = std::size_t{1} << 20U;  // of ciphertext, tag included
inline constexpr std::size_t kBodyHeaderBytes = 40;
inline constexpr std::uint64_t kMaxSegments = UINT32_MAX;

// segment_plaintext_bytes is the most that segment `number` holds.
[[nodiscard]] constexpr std::size_t segment_plaintext_bytes(std::uint64_t number) {
  return kSegmentBytes - crypto::kAeadTagBytes - (number == 0 ? kBodyHeaderBytes : 0);
}

// SegmentCipher seals and opens the segments of one body. Not thread safe.
class SegmentCipher {
 public:
  // draw makes the cipher of a new body: salt and prefix come from `rng`.
  [[nodiscard]] static Result<SegmentCipher> draw(const Secret<32>& file_key, Bytes associated_data,
                                                  crypto::Rng& rng);

  // from_header makes the cipher of a body that begins with `header`. kMalformed where its first
  // octet is not 40.
  [[nodiscard]] static Result<SegmentCipher> from_header(
      const Secret<32>& file_key, Bytes associated_data,
      std::span<const std::uint8_t, kBodyHeaderBytes> header);

  // header is what the body begins with.
  [[nodiscard]] Bytes header() const { return header_; }

  // seal writes plaintext.size() + 16 octets to `out`; `out` may begin at `plaintext`.
  [[nodiscard]] Result<void> seal(std::uint32_t number, bool last, Bytes plaintext,
                                  std::span<std::uint8_t> out);

  // open writes sealed.size() - 16 octets to `out`. kUntrusted, kTruncated.
  [[nodiscard]] Result<void> open(std::uint32_t number, bool last, Bytes sealed,
                                  std::span<std::uint8_t> out);

 private:
  using HeaderOctets = std::array<std::uint8_t, kBodyHeaderBytes>;

  SegmentCipher(crypto::Aead aead, const HeaderOctets& header)
      : aead_(std::move(aead)), header_(header) {}

  [[nodiscard]] std::array<std::uint8_t, crypto::kAeadNonceBytes> nonce(std::uint32_t number,
                                                                        bool last) const;

  crypto::Aead aead_;
  HeaderOctets header_;
};

}  // namespace ward::seal
