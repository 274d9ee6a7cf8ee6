#include "tee/soft/maker_keys.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "codec/pem.h"
#include "pki/certificate.h"

namespace ward::soft {
namespace {

constexpr UnixTime kFrom{1'790'000'000};
constexpr unsigned kDays = 30;

// What a maker publishes, of everything that is drawn and signed.
struct Published {
  Buffer octets;
  DcapCollateral intel;
  AmdCollateral amd;
};

Published publish(const RandomSource& source, const MakerKeys& keys) {
  const auto sgx = default_world(keys.intel, kFrom, kDays, *source.stream("intel world"));
  const auto amd = default_amd_world(keys.amd, {}, kFrom, kDays, *source.stream("amd world"));
  EXPECT_TRUE(sgx && amd);
  Published out;
  out.intel = *sign_world(*sgx, keys.intel, source.signing());
  const DcapWorld tdx = tdx_world(*sgx);
  const auto documents =
      sign_documents(tdx.tcb_info, tdx.qe_identity, keys.intel.tcb_signing, source.signing());
  out.amd = *sign_amd_world(*amd, keys.amd, source.signing());
  for (const attest::Document& d : out.intel.documents().documents)
    out.octets.insert(out.octets.end(), d.bytes.begin(), d.bytes.end());
  out.octets = concat({out.octets, as_bytes(out.intel.pck_chain_pem), as_bytes(documents->tcb_info),
                       as_bytes(documents->qe_identity), out.amd.ark, out.amd.ask, out.amd.asvk,
                       out.amd.vcek, out.amd.vlek, out.amd.crl,
                       *sign_report(amd->report, keys.amd.vcek, source.signing())});
  return out;
}

// The digest pins which keys a seed gives: a folder that was made from it can be made again. RSA
// keys are as this OpenSSL draws them (crypto/repeatable.h), and are not in it.
TEST(MakerKeys, MakeTheSameOctetsFromTheSameSeed) {
  const RandomSource source(as_bytes("seed"));
  const auto keys = MakerKeys::from(source);
  ASSERT_TRUE(keys);
  Buffer all;
  for (const crypto::PrivateKey* key :
       {&keys->intel.root, &keys->intel.pck_ca, &keys->intel.tcb_signing, &keys->intel.pck,
        &keys->amd.vcek, &keys->amd.vlek}) {
    all = concat({all, key->public_key().to_spki()});
  }
  EXPECT_EQ(to_hex(crypto::sha256(all)),
            "e89759d0e95cfdafcd039251f70e7601abd6efe333005b7bc751496b9719ff6c");
  EXPECT_EQ(keys->amd.ark.public_key().to_spki().size(), 550U);  // RSA-4096
  EXPECT_EQ(publish(source, *keys).octets, publish(RandomSource(as_bytes("seed")), *keys).octets);
}

TEST(MakerKeys, DifferFromSeedToSeedAndWithoutOne) {
  std::vector<Buffer> seen;
  const RandomSource sources[] = {RandomSource(as_bytes("a")), RandomSource(as_bytes("b")),
                                  RandomSource(), RandomSource()};
  for (const RandomSource& source : sources) {
    const auto keys = make_dcap_keys(source);
    ASSERT_TRUE(keys);
    for (const crypto::PrivateKey* key :
         {&keys->root, &keys->pck_ca, &keys->tcb_signing, &keys->pck}) {
      Buffer spki = key->public_key().to_spki();
      EXPECT_EQ(std::ranges::find(seen, spki), seen.end());
      seen.push_back(std::move(spki));
    }
  }
}

TEST(RandomSource, GivesEachLabelAStreamOfItsOwn) {
  const RandomSource source(as_bytes("seed"));
  const auto first = [&](const char* label) {
    Buffer out(32);
    source.stream(label)->fill(out);
    return out;
  };
  EXPECT_EQ(first("a"), first("a"));
  EXPECT_NE(first("a"), first("b"));
  EXPECT_EQ(source.signing(), Signing::kRepeatable);
  EXPECT_EQ(RandomSource().signing(), Signing::kFresh);
}

// The issuer's certificate is one and the same in all documents, whichever way it was signed.
TEST(SignWorld, VerifiesInBothWays) {
  for (const Signing signing : {Signing::kFresh, Signing::kRepeatable}) {
    const auto keys = make_dcap_keys(RandomSource(as_bytes("seed")));
    crypto::SystemRng rng;
    const auto world = default_world(*keys, kFrom, kDays, rng);
    const auto made = sign_world(*world, *keys, signing);
    ASSERT_TRUE(made);
    const auto chain = pki::parse_certificates(made->pck_chain_pem);
    ASSERT_TRUE(chain && chain->size() == 3);
    EXPECT_EQ(codec::to_pem("CERTIFICATE", chain->back().der), made->root_pem);
    for (std::size_t i = 0; i < 3; ++i) {
      const pki::Certificate& c = (*chain)[i];
      const pki::Certificate& issuer = (*chain)[std::min<std::size_t>(i + 1, 2)];
      EXPECT_TRUE(pki::signed_by(c, *issuer.public_key)) << i;
    }
  }
}

}  // namespace
}  // namespace ward::soft
