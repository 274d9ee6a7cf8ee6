#include "tee/tcg/algorithm.h"

#include <cstdlib>

#include "crypto/digest.h"

namespace ward::tcg {

std::optional<Algorithm> known_algorithm(std::uint16_t id) {
  for (const Algorithm a :
       {Algorithm::kSha1, Algorithm::kSha256, Algorithm::kSha384, Algorithm::kSha512}) {
    if (static_cast<std::uint16_t>(a) == id) return a;
  }
  return std::nullopt;
}

std::size_t digest_size(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kSha1:
      return 20;
    case Algorithm::kSha256:
      return 32;
    case Algorithm::kSha384:
      return 48;
    case Algorithm::kSha512:
      return 64;
  }
  std::abort();
}

const char* to_text(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kSha1:
      return "sha1";
    case Algorithm::kSha256:
      return "sha256";
    case Algorithm::kSha384:
      return "sha384";
    case Algorithm::kSha512:
      return "sha512";
  }
  std::abort();
}

Buffer digest(Algorithm algorithm, Bytes data) {
  switch (algorithm) {
    case Algorithm::kSha1:
      return to_buffer(crypto::sha1(data));
    case Algorithm::kSha256:
      return to_buffer(crypto::sha256(data));
    case Algorithm::kSha384:
      return to_buffer(crypto::sha384(data));
    case Algorithm::kSha512:
      return to_buffer(crypto::sha512(data));
  }
  std::abort();
}

}  // namespace ward::tcg
