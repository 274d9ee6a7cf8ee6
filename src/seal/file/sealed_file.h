#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "keys/key_provider.h"
#include "seal/file/header.h"

// Sealing and opening as streams; memory is bounded by two segments and the head.
namespace ward::seal {

// ReadFn fills a front part of `out` and returns its length: 0 at the end only. WriteFn takes all
// of `bytes`. Their errors are passed on as they are.
using ReadFn = std::function<Result<std::size_t>(std::span<std::uint8_t> out)>;
using WriteFn = std::function<Result<void>(Bytes bytes)>;

// FileKey is the key of one sealed file.
struct FileKey {
  Secret<32> secret;
};

// ToResource adds a slot for the key `resource` (repository/type/tag) of a provider, borrowed.
struct ToResource {
  const keys::KeyProvider* keys = nullptr;
  std::string resource;
};

// ToRecipient adds a slot for a P-256 key.
struct ToRecipient {
  crypto::PublicKey key;
};

// ToPassphrase adds a slot for a passphrase, borrowed. ward writes the default cost.
struct ToPassphrase {
  const SecretBytes* passphrase = nullptr;
  std::uint32_t log_n = 17;
};

using Receiver = std::variant<ToResource, ToRecipient, ToPassphrase>;

// SignOutput adds a provenance. `provenance.content_mac` is filled in from `content`, which reads
// the whole plaintext once before it is sealed (the signed header comes first). `sign` signs by
// ES256 with the key that the token binds, and returns r || s.
struct SignOutput {
  Provenance provenance;
  ReadFn content{};
  std::function<Result<Buffer>(Bytes message)> sign{};
};

// SealRequest says what to write besides the content.
struct SealRequest {
  std::string name;
  std::uint64_t content_version = 1;
  std::string creator;
  UnixTime created;
  std::optional<std::uint64_t> size;  // of the plaintext, where it is known
  std::vector<Receiver> receivers;    // at least one
  std::optional<SignOutput> output;
};

// seal draws a new file key and id, reads the plaintext from `in` and writes a sealed file to
// `out`. Returns its head. kMalformed and kLimit for a request that the format does not hold,
// kSizeMismatch; errors of the key provider, of `in` and of `out`. What was written before an error
// is no sealed file: the caller removes it.
[[nodiscard]] Result<Head> seal(const SealRequest& request, crypto::Rng& rng, const ReadFn& in,
                                const WriteFn& out);

// read_head reads exactly the head from `in`. Errors of parse_head.
[[nodiscard]] Result<Head> read_head(const ReadFn& in);

// Credentials are what a caller has to open files with; all borrowed, any may be absent.
struct Credentials {
  const keys::KeyProvider* keys = nullptr;       // wrapping keys, by resource path
  const crypto::PrivateKey* identity = nullptr;  // P-256
  const SecretBytes* passphrase = nullptr;
};

// unlock finds the file key by the slots, checks the commitment, and authenticates the header.
// kNoSlot, kWrongKey, kHeaderChanged; errors of the key provider.
[[nodiscard]] Result<FileKey> unlock(const Head& head, const Credentials& credentials);

// authenticate checks commitment and mac for a file key that came another way. kWrongKey,
// kHeaderChanged.
[[nodiscard]] Result<void> authenticate(const Head& head, const FileKey& key);

// Expectations are what a caller knows of a file beforehand; an absent one is not compared.
struct Expectations {
  std::optional<std::string_view> name;
  std::optional<FileId> id;
  std::optional<std::uint64_t> min_content_version;  // an older file is refused
};

// expect compares an authentic header with what the caller knows. kNameMismatch, kIdMismatch,
// kContentVersion.
[[nodiscard]] Result<void> expect(const Header& header, const Expectations& expected);

// open_body authenticates the header, then reads the body from `in`, which stands right behind the
// head, and writes the plaintext to `out` segment by segment. kWrongKey, kHeaderChanged,
// kSegmentChanged, kSegmentMoved, kTruncated, kTrailingData, kContentChanged. Plaintext that was
// written before an error is of no file: the caller must not let it be used. A provenance is not
// judged here: check_provenance comes first.
[[nodiscard]] Result<void> open_body(const Head& head, const FileKey& key, const ReadFn& in,
                                     const WriteFn& out);

// sealed_size is the length of the body for so much plaintext.
[[nodiscard]] std::uint64_t body_size(std::uint64_t plaintext_bytes);

}  // namespace ward::seal
