#include "bench/channel.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "net/tls/engine.h"
#include "pki/build.h"
#include "protocol/channel/channel.h"
#include "tee/all.h"
#include "tee/soft/guest.h"
#include "verifier/verifier.h"

namespace ward::bench {
namespace {

namespace channel = protocol::channel;
using crypto::PrivateKey;
using net::TlsSide;

constexpr UnixTime kFrom{1'790'000'000};
constexpr UnixTime kNow{1'790'086'400};
constexpr unsigned kDays = 30;
constexpr std::uint8_t kEmptyMap = 0xa0;  // CBOR: a manifest that names nothing

struct Identity {
  net::TlsContext context;
  crypto::Sha256Digest key{};
};

Identity identity(TlsSide side, crypto::Rng& rng) {
  const PrivateKey key = *PrivateKey::generate(crypto::KeyType::kP256, rng);
  const pki::NamePart part{.type = "CN", .value = "bench"};
  pki::CertificateSpec spec;
  spec.serial = {0x41};
  spec.signature_algorithm = crypto::SignatureAlgorithm::kEcdsaP256Sha256;
  spec.issuer = spec.subject = *pki::make_name(std::span(&part, 1));
  spec.not_before = kFrom;
  spec.not_after = UnixTime{kFrom.seconds + kDays * std::int64_t{86400}};
  spec.spki = key.public_key().to_spki();
  const Buffer der = *pki::build_certificate(
      spec, [&](Bytes tbs) { return key.sign(spec.signature_algorithm, tbs); });
  return {*net::channel_context(side, der, key), crypto::sha256(spec.spki)};
}

// Judge knows one machine and one keep.
class Judge final : public channel::Appraiser {
 public:
  Judge(const soft::DcapKeys& keys, attest::Collateral documents, Buffer measurement)
      : verifier_(tee::all_schemes(),
                  {{.spki_sha256 = crypto::sha256(keys.root.public_key().to_spki()),
                    .name = "bench",
                    .development = true}},
                  {.name = "bench", .allow_development = true}),
        documents_(std::move(documents)) {
    expected_.measurement = std::vector<Buffer>{std::move(measurement)};
  }

  channel::Judgement appraise(Bytes evidence, const channel::ReportData& report_data) override {
    expected_.report_data = std::vector<Buffer>{to_buffer(report_data)};
    const auto out = verifier_.appraise(
        {.evidence = evidence, .collateral = documents_, .now = kNow, .expected = expected_});
    return out ? channel::judgement_of(*out) : channel::Judgement{};
  }

 private:
  verifier::Verifier verifier_;
  attest::Collateral documents_;
  attest::Expectations expected_;
};

class Exporter final : public channel::Exporter {
 public:
  explicit Exporter(const net::TlsEngine& tls) : tls_(tls) {}

  [[nodiscard]] Result<channel::ExporterValue> value(Bytes context) const override {
    WARD_TRY(const Buffer out, tls_.exporter(channel::kExporterLabel, context, 32));
    return *to_array<32>(out);
  }

 private:
  const net::TlsEngine& tls_;
};

// Bed is the machine, its keep, and both ends' keys.
class Bed {
 public:
  Bed() {
    crypto::SeededRng rng(as_bytes("bench channel"));
    soft::DcapKeys keys = *soft::generate_keys(rng);
    const auto sgx = *soft::default_world(keys, kFrom, kDays, rng);
    const auto tdx = *soft::default_world(keys, kFrom, kDays, rng, dcap::TeeType::kTdx);
    const soft::DcapCollateral made = *soft::sign_world(sgx, keys);
    auto pck = *PrivateKey::from_pkcs8(keys.pck.to_pkcs8().expose());
    platform_ = *soft::Platform::create(crypto::random_secret<32>(rng),
                                        soft::IntelParts{.pck = std::move(pck),
                                                         .pck_chain_pem = made.pck_chain_pem,
                                                         .qe_identity = sgx.qe_identity,
                                                         .td_qe_identity = tdx.qe_identity},
                                        {});
    soft::Launch launch{.runtime = to_buffer(as_bytes("runtime")), .canonical = {kEmptyMap}};
    guest_ = *soft::launch(*platform_, *soft::find_face("sgx"), std::move(launch), rng);
    judge_ = std::make_unique<Judge>(keys, made.documents(), guest_->launch_measurement());
    client_ = std::make_unique<Identity>(identity(TlsSide::kClient, rng));
    server_ = std::make_unique<Identity>(identity(TlsSide::kServer, rng));
  }

  // handshake shakes hands; the two engines, or null where it failed.
  using Engines = std::pair<std::unique_ptr<net::TlsEngine>, std::unique_ptr<net::TlsEngine>>;

  [[nodiscard]] Engines handshake() const {
    Engines out{*net::TlsEngine::make(client_->context, TlsSide::kClient),
                *net::TlsEngine::make(server_->context, TlsSide::kServer)};
    bool client_done = false;
    bool server_done = false;
    for (int turn = 0; turn < 4 && !(client_done && server_done); ++turn) {
      const auto shaken = out.first->handshake();
      client_done = shaken && *shaken;
      out.second->receive(out.first->take_output());
      const auto served = out.second->handshake();
      server_done = served && *served;
      out.first->receive(out.second->take_output());
    }
    return client_done && server_done ? std::move(out) : Engines{};
  }

  // open opens a channel, one way or mutual.
  bool open(bool mutual) {
    auto [client, server] = handshake();
    if (!client || !server) return false;
    const Exporter client_exporter(*client);
    const Exporter server_exporter(*server);
    channel::Channel left({.role = channel::Role::kClient, .gives = mutual, .wants = true},
                          {.protocol = client->protocol(),
                           .own_key = client_->key,
                           .peer_key = client->peer_spki_sha256()},
                          client_exporter, *judge_, rng_, 0);
    channel::Channel right({.role = channel::Role::kServer, .gives = true, .wants = mutual},
                           {.protocol = server->protocol(),
                            .own_key = server_->key,
                            .peer_key = server->peer_spki_sha256()},
                           server_exporter, *judge_, rng_, 0);
    for (int turn = 0; turn < 4; ++turn) {
      say(left, *client, right, *server);
      say(right, *server, left, *client);
    }
    return left.state() == channel::State::kOpen && right.state() == channel::State::kOpen;
  }

 private:
  void say(channel::Channel& from, net::TlsEngine& near, channel::Channel& to,
           net::TlsEngine& far) {
    if (from.wanted()) {
      const channel::ReportData data = *from.wanted();
      if (const auto made = guest_->evidence(data)) from.give_evidence(made->octets);
    }
    if (!near.write(from.take_output())) return;
    far.receive(near.take_output());
    std::array<std::uint8_t, 16384> block{};
    while (true) {
      const auto n = far.read(block);
      if (!n || *n == 0) return;
      to.receive(Bytes(block).first(*n), 0);
    }
  }

  std::unique_ptr<const soft::Platform> platform_;
  std::unique_ptr<soft::Guest> guest_;
  std::unique_ptr<Judge> judge_;
  std::unique_ptr<Identity> client_;
  std::unique_ptr<Identity> server_;
  crypto::SystemRng rng_;
};

}  // namespace

std::vector<HotPath> channel_paths() {
  const auto bed = std::make_shared<Bed>();
  const Base tls{.name = "tls.mutual",
                 .label = "1 x TLS 1.3 handshake, two certificates, the same engine",
                 .run = [bed] { return bed->handshake().first != nullptr; }};
  std::vector<HotPath> out;
  for (const bool mutual : {false, true}) {
    out.push_back({.name = mutual ? "channel.mutual" : "channel.one_way",
                   .area = "channel",
                   .run = [bed, mutual] { return bed->open(mutual); },
                   .base = tls});
  }
  return out;
}

}  // namespace ward::bench
