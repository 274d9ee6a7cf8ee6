#include "crypto/kdf.h"

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

std::string shown(const Result<SecretBytes>& secret) {
  return secret ? to_hex(secret->expose()) : "an error";
}

// RFC 5869 appendix A.1 and A.3.
TEST(Hkdf, AgreesWithRfc5869) {
  const Buffer ikm(22, 0x0b);
  const Buffer salt = hex("000102030405060708090a0b0c");
  const Buffer info = hex("f0f1f2f3f4f5f6f7f8f9");
  const SecretBytes prk = hkdf_extract(Hash::kSha256, salt, ikm);
  EXPECT_EQ(to_hex(prk.expose()),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  const std::string okm =
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
  EXPECT_EQ(shown(hkdf_expand(Hash::kSha256, prk.expose(), info, 42)), okm);
  EXPECT_EQ(shown(hkdf(Hash::kSha256, ikm, salt, info, 42)), okm);
  EXPECT_EQ(to_hex(hkdf<42>(Hash::kSha256, ikm, salt, info).expose()), okm);
  EXPECT_EQ(shown(hkdf(Hash::kSha256, ikm, {}, {}, 42)),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Hkdf, HoldsItsLimits) {
  const Buffer prk(48);

  struct Case {
    Hash hash;
    std::size_t size;
    std::optional<Errc> want;
  };

  constexpr Case kCases[] = {
      {Hash::kSha256, 0, Errc::kLimit},     {Hash::kSha256, 1, std::nullopt},
      {Hash::kSha256, 8160, std::nullopt},  {Hash::kSha256, 8161, Errc::kLimit},
      {Hash::kSha384, 12240, std::nullopt}, {Hash::kSha384, 12241, Errc::kLimit},
  };
  for (const Case& c : kCases) {
    for (const auto& out :
         {hkdf(c.hash, prk, {}, {}, c.size), hkdf_expand(c.hash, prk, {}, c.size)}) {
      EXPECT_EQ(out ? std::nullopt : std::optional(out.error().code()), c.want) << c.size;
      EXPECT_EQ(out ? out->size() : c.size, c.size);
    }
  }
  const auto cut = hkdf_expand(Hash::kSha384, Bytes(prk).first(47), {}, 32);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code(), Errc::kMalformed);
}

// RFC 7914 section 12; the vector that needs 1 GiB is above our limit.
TEST(Scrypt, AgreesWithRfc7914) {
  EXPECT_EQ(shown(scrypt({}, {}, {.n = 16, .r = 1, .p = 1}, 64)),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
            "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
  EXPECT_EQ(shown(scrypt(as_bytes("password"), as_bytes("NaCl"), {.n = 1024, .r = 8, .p = 16}, 64)),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
            "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
  EXPECT_EQ(shown(scrypt(as_bytes("pleaseletmein"), as_bytes("SodiumChloride"),
                         {.n = 16384, .r = 8, .p = 1}, 64)),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

TEST(Scrypt, HoldsItsLimits) {
  struct Case {
    const char* name;
    ScryptCost cost;
    std::size_t size;
    std::uint64_t memory;
    std::optional<Errc> want;
  };

  constexpr Case kCases[] = {
      {"n is 1", {.n = 1, .r = 1, .p = 1}, 32, kScryptMaxMemoryBytes, Errc::kMalformed},
      {"n is 0", {.n = 0, .r = 1, .p = 1}, 32, kScryptMaxMemoryBytes, Errc::kMalformed},
      {"n is no power of two",
       {.n = 24, .r = 1, .p = 1},
       32,
       kScryptMaxMemoryBytes,
       Errc::kMalformed},
      {"r is 0", {.n = 16, .r = 0, .p = 1}, 32, kScryptMaxMemoryBytes, Errc::kMalformed},
      {"p is 0", {.n = 16, .r = 1, .p = 0}, 32, kScryptMaxMemoryBytes, Errc::kMalformed},
      {"size is 0", {.n = 16, .r = 1, .p = 1}, 0, kScryptMaxMemoryBytes, Errc::kMalformed},
      {"size at its limit", {.n = 16, .r = 1, .p = 1}, 1024, kScryptMaxMemoryBytes, std::nullopt},
      {"size above", {.n = 16, .r = 1, .p = 1}, 1025, kScryptMaxMemoryBytes, Errc::kLimit},
      {"r at its limit", {.n = 16, .r = 32, .p = 1}, 32, kScryptMaxMemoryBytes, std::nullopt},
      {"r above", {.n = 16, .r = 33, .p = 1}, 32, kScryptMaxMemoryBytes, Errc::kLimit},
      {"p at its limit", {.n = 16, .r = 1, .p = 16}, 32, kScryptMaxMemoryBytes, std::nullopt},
      {"p above", {.n = 16, .r = 1, .p = 17}, 32, kScryptMaxMemoryBytes, Errc::kLimit},
      {"memory at the caller's limit", {.n = 1024, .r = 8, .p = 1}, 32, 1U << 20U, std::nullopt},
      {"memory above it", {.n = 1024, .r = 8, .p = 1}, 32, (1U << 20U) - 1, Errc::kLimit},
      {"no caller lifts our limit", {.n = 1U << 19U, .r = 8, .p = 1}, 32, UINT64_MAX, Errc::kLimit},
      {"a product that would wrap",
       {.n = std::uint64_t{1} << 63U, .r = 32, .p = 1},
       32,
       UINT64_MAX,
       Errc::kLimit},
  };
  for (const Case& c : kCases) {
    const auto out = scrypt(as_bytes("p"), as_bytes("s"), c.cost, c.size, c.memory);
    EXPECT_EQ(out ? std::nullopt : std::optional(out.error().code()), c.want) << c.name;
  }
}

// RFC 7518 appendix C.
TEST(ConcatKdf, AgreesWithRfc7518) {
  const Buffer z = hex("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4");
  const auto key = concat_kdf(z,
                              {.algorithm_id = as_bytes("A128GCM"),
                               .party_u = as_bytes("Alice"),
                               .party_v = as_bytes("Bob")},
                              16);
  ASSERT_TRUE(key);
  EXPECT_EQ(to_base64(key->expose(), Base64::kUrl), "VqqN6vgjbSBcIijNcacQGg");
}

TEST(ConcatKdf, HoldsItsLimitsAndBindsEachField) {
  const Buffer z(32, 1);
  const auto size_of = [&](std::size_t size) {
    const auto out = concat_kdf(z, {}, size);
    return out ? std::nullopt : std::optional(out.error().code());
  };
  EXPECT_EQ(size_of(0), Errc::kLimit);
  EXPECT_EQ(size_of(kConcatKdfMaxOutput), std::nullopt);
  EXPECT_EQ(size_of(kConcatKdfMaxOutput + 1), Errc::kLimit);
  const Bytes a = as_bytes("a");
  const std::string base = shown(concat_kdf(z, {}, 32));
  EXPECT_NE(base, shown(concat_kdf(z, {.algorithm_id = a, .party_u = {}, .party_v = {}}, 32)));
  EXPECT_NE(shown(concat_kdf(z, {.algorithm_id = {}, .party_u = a, .party_v = {}}, 32)),
            shown(concat_kdf(z, {.algorithm_id = {}, .party_u = {}, .party_v = a}, 32)));
}

// TPM 2.0's KDFe, github.com/chrisfenner/tpm-test-vectors, vectors/kdfe.json: 38_SHA256_496 and
// 35_SHA256_336.
TEST(SingleStepKdf, AgreesWithTheKdfeOfTpms) {
  const Buffer first =
      concat({as_bytes("OBFUSCATE"), hex("00"),
              hex("ebcb3cd4a002941ed496ef1d32a70b0b7f6f05b8a51803d5a9ff9b"),
              hex("a1f79a7ee2beee21e2bfaee67769874687bfe21b2468fc8e721b6e967e12ff")});
  EXPECT_EQ(shown(single_step_kdf(Hash::kSha256, hex("00"), first, 62)),
            "dcd14d72e0d5d8ec15b5ea15ae060e02f0e042f3af7efbd73650bb4457d73b060ef8f78bdf8cea099fe98"
            "fad6359bcfe92c1c6be8a157c1064c85ada3ad2");
  const Buffer second =
      concat({as_bytes("INTEGRITY"), hex("00"), hex("8852f14d8e9b68"), hex("74ff")});
  EXPECT_EQ(shown(single_step_kdf(Hash::kSha256,
                                  hex("8995a6318a0217c7c7bf543f50da29016c4ff2a1ea5daf54ebcb00"),
                                  second, 42)),
            "92343ef558feb95fd14838f9ca39c8618598a7eeb31af7fc276030b8c3ff326d4870f190e54abbec9da4");
}

// Computed from the formula of SP 800-108 section 4.1 by Python's hmac.
TEST(CounterKdf, IsHmacOfCounterLabelZeroContextAndBits) {
  Buffer key(32);
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(shown(counter_kdf(Hash::kSha256, key, as_bytes("STORAGE"), as_bytes("name"), 16)),
            "97f1ccec355e7643a61c69d29ad6404d");
  EXPECT_EQ(shown(counter_kdf(Hash::kSha256, key, as_bytes("INTEGRITY"), {}, 32)),
            "bacf689f634ece301e1f1b15b072d9c87db6a69585db42b1a0cb8f73ebe2692e");
  EXPECT_EQ(
      shown(counter_kdf(Hash::kSha384, key, as_bytes("label"), as_bytes("context"), 80)),
      "de44d4a50208abb510b2b87911e65056dafc71f2faf2395514fc3c74a6880651e94c90e83989e04870838dc5"
      "d17b78130627418b1c64011c1a4103c4bfe85b21eac1eda311b7ecaed44fabf41c0e13e4");
}

TEST(CounterKdf, AndTheSingleStepKdfHoldTheirLimits) {
  const Buffer key(32);
  const auto code = [](const Result<SecretBytes>& out) {
    return out ? std::nullopt : std::optional(out.error().code());
  };
  for (const auto& [size, want] :
       {std::pair{std::size_t{0}, std::optional(Errc::kLimit)},
        std::pair{kConcatKdfMaxOutput, std::optional<Errc>()},
        std::pair{kConcatKdfMaxOutput + 1, std::optional(Errc::kLimit)}}) {
    EXPECT_EQ(code(single_step_kdf(Hash::kSha256, key, {}, size)), want) << size;
    EXPECT_EQ(code(counter_kdf(Hash::kSha256, key, {}, {}, size)), want) << size;
  }
  EXPECT_EQ(code(counter_kdf(Hash::kSha256, {}, {}, {}, 32)), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::crypto
