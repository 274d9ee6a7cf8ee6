#include "bench/rcar.h"

#include <ctime>
#include <utility>
#include <vector>

#include "bench/bare.h"
#include "bench/signatures.h"
#include "crypto/sign.h"
#include "net/http/client.h"
#include "net/tls/stream.h"
#include "protocol/kbs/client.h"
#include "tee/dcap/quote.h"
#include "tee/snp/report.h"
#include "token/jwe.h"
#include "token/jwk.h"

namespace ward::bench {
namespace {

namespace kbs = protocol::kbs;

constexpr int kTimeoutMs = 20000;
constexpr std::int64_t kSecond_ns = 1'000'000'000;
constexpr std::uint8_t kEmptyMap = 0xa0;  // CBOR: a manifest that names nothing

void wait_until(std::int64_t due_ns) {
  const timespec at{.tv_sec = due_ns / kSecond_ns, .tv_nsec = due_ns % kSecond_ns};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) != 0) {
  }
}

// What the service verifies of the evidence each time: its signature, by a key of this program's.
Bare evidence_signature(const std::string& tee) {
  crypto::SeededRng rng(as_bytes("bench handshake"));
  const bool p384 = tee == "snp";
  const auto key =
      *crypto::PrivateKey::generate(p384 ? crypto::KeyType::kP384 : crypto::KeyType::kP256, rng);
  std::size_t size = snp::kSignedSize;
  if (tee == "sgx") size = dcap::kHeaderSize + dcap::kReportBodySize;
  if (tee == "tdx") size = dcap::kHeaderSize + dcap::kTdReport10Size;
  const Buffer message(size, 7);
  const Buffer spki = key.public_key().to_spki();
  if (p384) {
    const auto signature = *key.sign_rs(crypto::SignatureAlgorithm::kEcdsaP384Sha384, message);
    return bare_p384("ES384", spki, message, signature);
  }
  return bare_p256(spki, message,
                   *key.sign_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256, message));
}

}  // namespace

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * kSecond_ns + t.tv_nsec;
}

std::array<std::uint8_t, 48> attester_workload() {
  std::array<std::uint8_t, 48> out{};
  out.fill(0x5a);
  return out;
}

Result<std::unique_ptr<Attester>> Attester::make(const soft::Platform& platform,
                                                 const std::string& tee, const Target& target) {
  const soft::Face* face = soft::find_face(tee);
  if (face == nullptr) return Error(Errc::kUnsupported, "bench.rcar: no such TEE");
  crypto::SystemRng rng;
  const soft::Launch launch{.runtime = to_buffer(as_bytes("bench runtime")),
                            .canonical = {kEmptyMap},
                            .workload = attester_workload(),
                            .debug = false,
                            .signature = {}};
  WARD_TRY(auto guest, soft::launch(platform, *face, launch, rng));
  return std::make_unique<Attester>(std::move(guest), target);
}

Result<std::unique_ptr<protocol::Exchange>> Attester::connect() const {
  WARD_TRY(auto below, net::tcp_connect(target_.url.host, target_.url.port, kTimeoutMs));
  WARD_TRY(auto stream, net::tls_connect(std::move(below), target_.context, target_.url.host));
  return net::http_over(std::move(stream), target_.url.host);
}

Result<std::int64_t> Attester::handshake(std::int64_t due_ns) {
  WARD_TRY(const auto key, crypto::PrivateKey::generate(crypto::KeyType::kP256, rng_));
  const token::Jwk jwk{
      .key = key.public_key(), .kid = {}, .alg = "ECDH-ES+A256KW", .use = {}, .key_ops = {}};
  kbs::Client client({.tee = guest_->tee(), .tee_pubkey = token::to_json(jwk), .init_data = {}});
  WARD_TRY(const auto path, kbs::parse_resource_path(target_.resource));
  WARD_TRY(const auto auth, client.auth());
  wait_until(due_ns);

  WARD_TRY(const auto exchange, connect());
  WARD_TRY(const auto challenge, exchange->exchange(auth));
  const std::int64_t asked = now_ns();
  WARD_CHECK_OK(client.on_challenge(challenge));
  WARD_TRY(const auto evidence, guest_->evidence(client.report_data()));
  WARD_TRY(const auto attest, client.attest(evidence.primary));
  const std::int64_t made = now_ns();
  WARD_TRY(const auto token, exchange->exchange(attest));
  WARD_CHECK_OK(client.on_token(token));
  WARD_TRY(const auto get, client.get(path));
  WARD_TRY(const auto reply, exchange->exchange(get));
  const std::int64_t end = now_ns();

  WARD_TRY(const std::string body, client.on_resource(reply));
  WARD_TRY(const token::Jwe jwe, token::parse_jwe(as_bytes(body)));
  WARD_TRY(const SecretBytes secret, token::decrypt_jwe(jwe, key));
  if (secret.empty()) return Error(Errc::kMalformed, "bench.rcar: nothing was released");
  return end - due_ns - (made - asked);
}

Result<std::unique_ptr<protocol::Exchange>> Attester::begin() {
  WARD_TRY(const auto key, crypto::PrivateKey::generate(crypto::KeyType::kP256, rng_));
  const token::Jwk jwk{
      .key = key.public_key(), .kid = {}, .alg = "ECDH-ES+A256KW", .use = {}, .key_ops = {}};
  kbs::Client client({.tee = guest_->tee(), .tee_pubkey = token::to_json(jwk), .init_data = {}});
  WARD_TRY(const auto auth, client.auth());
  WARD_TRY(auto exchange, connect());
  WARD_TRY(const auto challenge, exchange->exchange(auth));
  WARD_CHECK_OK(client.on_challenge(challenge));
  return exchange;
}

Result<void> Attester::visit() const {
  WARD_TRY(const auto exchange, connect());
  for (int i = 0; i < 3; ++i) {
    WARD_TRY(const auto reply, exchange->exchange({.method = "GET", .target = "/healthz"}));
    if (reply.status != 200) return Error(Errc::kMalformed, "bench.rcar: /healthz said no");
  }
  return {};
}

Base handshake_base(const std::string& tee, std::size_t traffic) {
  constexpr std::size_t kTokenBytes = 4000;
  constexpr std::size_t kNoteBytes = 120;
  crypto::SeededRng rng(as_bytes("bench handshake signer"));
  const auto signer = *crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
  const Buffer token(kTokenBytes, 7);
  const SecretBytes pkcs8 = signer.to_pkcs8();
  const Buffer transcript(130, 7);  // RFC 8446 section 4.4.3
  const Buffer note(kNoteBytes, 7);
  std::vector<Bare> all;
  all.push_back(bare_x25519());
  all.push_back(bare_sign(pkcs8.expose(), transcript));
  all.push_back(bare_aes256gcm(Buffer(traffic, 7)));
  all.push_back(evidence_signature(tee));
  all.push_back(bare_sign(pkcs8.expose(), token));
  all.push_back(bare_ed25519_sign(note));
  all.push_back(bare_p256_agreement());
  all.push_back(bare_ed25519_sign(note));
  return sum_of("bare.rcar." + tee, std::move(all));
}

}  // namespace ward::bench
