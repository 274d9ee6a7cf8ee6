#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "crypto/rng.h"
#include "keys/soft/soft_keys.h"
#include "seal/file/body.h"
#include "seal/file/fault.h"
#include "seal/file/sealed_file.h"

// What the tests of sealed files share: streams over memory, a key, a sealed file of any size.
namespace ward::seal {

inline constexpr const char* kResource = "default/data/records";

// reader_of hands `bytes` out in pieces of at most `step`; both outlive it.
inline ReadFn reader_of(Bytes bytes, std::size_t step = SIZE_MAX) {
  return [bytes, step,
          at = std::size_t{0}](std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
    const std::size_t n = std::min({out.size(), bytes.size() - at, step});
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
    at += n;
    return n;
  };
}

inline WriteFn writer_to(Buffer& out) {
  return [&out](Bytes bytes) -> Result<void> {
    out.insert(out.end(), bytes.begin(), bytes.end());
    return {};
  };
}

// plaintext of no period that a segment could share.
inline Buffer some_bytes(std::size_t size) {
  Buffer out(size);
  crypto::SeededRng(as_bytes("plaintext")).fill(out);
  return out;
}

inline std::optional<Fault> fault_in(const Result<void>& result) {
  return result ? std::nullopt : fault_of(result.error());
}

class SealedFixture : public testing::Test {
 protected:
  SealedFixture() {
    EXPECT_TRUE(keys_.add_wrapping_key(kResource, random_secret(rng_, 32)).has_value());
  }

  SealRequest request(std::optional<std::uint64_t> size) {
    SealRequest out;
    out.name = "records.csv";
    out.content_version = 7;
    out.creator = "hospital";
    out.created = UnixTime{1'700'000'000};
    out.size = size;
    out.receivers.emplace_back(ToResource{.keys = &keys_, .resource = kResource});
    return out;
  }

  Buffer sealed(Bytes plaintext, const SealRequest& request) {
    Buffer out;
    const auto head = seal(request, rng_, reader_of(plaintext), writer_to(out));
    EXPECT_TRUE(head.has_value()) << head.error().what();
    return out;
  }

  Buffer sealed(Bytes plaintext) { return sealed(plaintext, request(plaintext.size())); }

  // open goes the whole way, by `credentials`; the plaintext goes to `out`.
  static Result<void> open(Bytes file, const Credentials& credentials, Buffer& out,
                           std::size_t step = SIZE_MAX) {
    const ReadFn in = reader_of(file, step);
    WARD_TRY(const Head head, read_head(in));
    WARD_TRY(const FileKey key, unlock(head, credentials));
    return open_body(head, key, in, writer_to(out));
  }

  Result<void> open(Bytes file) {
    Buffer ignored;
    return open(file, credentials(), ignored);
  }

  [[nodiscard]] Credentials credentials() const {
    return {.keys = &keys_, .identity = nullptr, .passphrase = nullptr};
  }

  crypto::SeededRng rng_{as_bytes("sealed file tests")};
  keys::SoftKeys keys_;
};

}  // namespace ward::seal
