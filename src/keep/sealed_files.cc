#include "keep/sealed_files.h"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keywrap.h"
#include "keep/frame.h"
#include "seal/file/provenance.h"
#include "seal/file/sealed_file.h"

namespace ward::keep {
namespace {

constexpr const char* kCreator = "ward-keep";
// What a keep sealed at the end of its longest run opens, and nothing later does.
static_assert(seal::kTokenExpiryGraceSeconds == kMaxRunSeconds);

// OneKey is the provider of the one wrapping key that the broker released for an input.
class OneKey final : public keys::KeyProvider {
 public:
  OneKey(std::string_view id, Bytes key) : id_(id), key_(key) {}

  [[nodiscard]] bool has_wrapping_key(std::string_view key_id) const override {
    return key_id == id_;
  }

  [[nodiscard]] Result<Buffer> wrap(std::string_view /*key_id*/, Bytes /*key*/) const override {
    return Error(Errc::kDenied, "keep.input: this key opens only");
  }

  [[nodiscard]] Result<SecretBytes> unwrap(std::string_view key_id, Bytes wrapped) const override {
    if (key_id != id_) return Error(Errc::kUnavailable, "keep.input: no such key");
    return crypto::unwrap_key(key_, wrapped);
  }

  [[nodiscard]] Result<Buffer> sign(std::string_view /*key_id*/,
                                    crypto::SignatureAlgorithm /*algorithm*/,
                                    Bytes /*message*/) const override {
    return Error(Errc::kDenied, "keep.input: this key opens only");
  }

  [[nodiscard]] Result<crypto::PublicKey> public_key(std::string_view /*key_id*/) const override {
    return Error(Errc::kDenied, "keep.input: this key opens only");
  }

 private:
  std::string_view id_;
  Bytes key_;
};

// from_offset reads a file from its beginning whatever its descriptor's own position is.
seal::ReadFn from_start(int fd) {
  return [fd, at = off_t{0}](std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
    while (true) {
      const ssize_t n = ::pread(fd, out.data(), out.size(), at);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Error(Errc::kUnavailable, "keep: read", static_cast<std::uint64_t>(errno));
      at += n;
      return static_cast<std::size_t>(n);
    }
  };
}

Result<std::optional<seal::FileId>> expected_id(const InputEntry& input) {
  if (input.file_id == kAnyFile) return std::optional<seal::FileId>();
  const auto octets = from_hex(input.file_id);
  const auto id = octets ? to_array<16>(*octets) : std::nullopt;
  if (!id) return Error(Errc::kMalformed, "keep.input: file_id is not 32 digits");
  return std::optional<seal::FileId>(*id);
}

}  // namespace

Result<OpenedInput> SealedFileFormat::open_input(const InputEntry& input, Bytes key, int sealed_fd,
                                                 int plain_fd) {
  const seal::ReadFn in = from_start(sealed_fd);
  WARD_TRY(const seal::Head head, seal::read_head(in));
  WARD_TRY(const std::optional<seal::FileId> id, expected_id(input));
  const OneKey keys(input.resource, key);
  WARD_TRY(const seal::FileKey file_key,
           seal::unlock(head, {.keys = &keys, .identity = nullptr, .passphrase = nullptr}));
  WARD_CHECK_OK(seal::expect(
      head.header, {.name = std::nullopt, .id = id, .min_content_version = std::nullopt}));
  // The tmpfs gives a file huge pages where it knows its size before the octets come.
  if (head.header.size) (void)!::ftruncate(plain_fd, static_cast<off_t>(*head.header.size));
  off_t written = 0;
  WARD_CHECK_OK(seal::open_body(head, file_key, in, [&](Bytes part) -> Result<void> {
    written += static_cast<off_t>(part.size());
    return write_exact(plain_fd, part);
  }));
  if (::ftruncate(plain_fd, written) != 0) return Error(Errc::kInternal, "keep.input: size");
  return OpenedInput{
      .name = input.name, .file_id = to_hex(head.header.id), .head_sha256 = head.digest()};
}

Result<void> SealedFileFormat::seal_output(const OutputEntry& output, const OutputProof& proof,
                                           const crypto::PrivateKey& key, int plain_fd,
                                           OutputWriter& to) {
  WARD_TRY(crypto::PublicKey receiver, crypto::PublicKey::from_spki(output.receiver));

  struct stat info {};

  if (::fstat(plain_fd, &info) != 0) return Error(Errc::kInternal, "keep.output: size");
  seal::SealRequest request;
  request.name = output.name;
  request.creator = kCreator;
  request.created = clock_.now();
  request.size = static_cast<std::uint64_t>(info.st_size);
  request.receivers.emplace_back(seal::ToRecipient{.key = std::move(receiver)});
  seal::Provenance provenance{
      .token = proof.token, .init_data = proof.init_data, .inputs = {}, .content_mac = {}};
  for (const OpenedInput& input : proof.inputs) {
    const auto octets = from_hex(input.file_id);
    const auto id = octets ? to_array<16>(*octets) : std::nullopt;
    if (!id) return Error(Errc::kInternal, "keep.output: id of an input");
    provenance.inputs.push_back({.name = input.name, .id = *id, .head = input.head_sha256});
  }
  request.output =
      seal::SignOutput{.provenance = std::move(provenance),
                       .content = from_start(plain_fd),
                       .sign = [&key](Bytes message) -> Result<Buffer> {
                         return key.sign_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256, message);
                       }};
  WARD_TRY(const seal::Head head, seal::seal(request, rng_, from_start(plain_fd),
                                             [&](Bytes part) { return to.data(part); }));
  (void)head;
  return {};
}

}  // namespace ward::keep
