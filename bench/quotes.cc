#include "bench/quotes.h"

#include <cstdlib>
#include <memory>
#include <utility>

#include "bench/bare.h"
#include "bench/platform.h"
#include "crypto/rng.h"
#include "tee/soft/guest.h"

namespace ward::bench {
namespace {

using crypto::PrivateKey;

constexpr UnixTime kFrom{1'790'000'000};
constexpr unsigned kDays = 30;

PrivateKey p384(crypto::Rng& rng) { return *PrivateKey::generate(crypto::KeyType::kP384, rng); }

soft::IntelParts intel_parts(crypto::Rng& rng) {
  soft::DcapKeys keys = *soft::generate_keys(rng);
  const auto sgx = *soft::default_world(keys, kFrom, kDays, rng);
  const auto tdx = *soft::default_world(keys, kFrom, kDays, rng, dcap::TeeType::kTdx);
  return {.pck = std::move(keys.pck),
          .pck_chain_pem = soft::sign_world(sgx, keys)->pck_chain_pem,
          .qe_identity = sgx.qe_identity,
          .td_qe_identity = tdx.qe_identity};
}

soft::AmdParts amd_parts(crypto::Rng& rng) {
  soft::AmdKeys keys{rsa_key("ark.pkcs8"), rsa_key("ask.pkcs8"), rsa_key("ask.pkcs8"), p384(rng),
                     p384(rng)};
  const auto world = *soft::default_amd_world(keys, {.line = snp::Line::kGenoa}, kFrom, kDays, rng);
  soft::AmdCollateral certificates = *soft::sign_amd_world(world, keys);
  return {.vcek = std::move(keys.vcek),
          .vlek = std::move(keys.vlek),
          .certificates = std::move(certificates)};
}

// Keep is a guest with the platform that it borrows.
struct Keep {
  std::unique_ptr<const soft::Platform> platform;
  std::unique_ptr<soft::Guest> guest;
};

Keep keep_on(const char* face) {
  crypto::SeededRng rng(as_bytes("bench quotes"));
  auto platform =
      soft::Platform::create(crypto::random_secret<32>(rng), intel_parts(rng), amd_parts(rng));
  if (!platform) std::abort();
  Keep out{.platform = *std::move(platform), .guest = nullptr};
  constexpr std::uint8_t kEmptyMap = 0xa0;  // CBOR: a manifest that names nothing
  soft::Launch launch{.runtime = to_buffer(as_bytes("runtime")), .canonical = {kEmptyMap}};
  auto guest = soft::launch(*out.platform, *soft::find_face(face), std::move(launch), rng);
  if (!guest) std::abort();
  out.guest = *std::move(guest);
  return out;
}

HotPath path(const char* name, const char* face, std::size_t signed_octets, crypto::KeyType type) {
  auto keep = std::make_shared<Keep>(keep_on(face));
  crypto::SeededRng rng(as_bytes("bench quotes base"));
  const PrivateKey key = *PrivateKey::generate(type, rng);
  return {.name = name,
          .area = "quotes",
          .bytes = signed_octets,
          .run =
              [keep, report_data = std::array<std::uint8_t, 64>{1}] {
                return keep->guest->evidence(report_data).has_value();
              },
          .base = base_of(std::string("bare.sign.") + face,
                          bare_sign(key.to_pkcs8().expose(), Buffer(signed_octets, 7)))};
}

}  // namespace

HotPath sgx_quote() {
  return path("quotes.sgx", "sgx", dcap::kHeaderSize + dcap::kReportBodySize,
              crypto::KeyType::kP256);
}

HotPath tdx_quote() {
  return path("quotes.tdx", "tdx", dcap::kHeaderSize + dcap::kTdReport10Size,
              crypto::KeyType::kP256);
}

HotPath snp_report() { return path("quotes.snp", "snp", snp::kSignedSize, crypto::KeyType::kP384); }

}  // namespace ward::bench
