#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "net/tls/engine.h"
#include "pki/build.h"
#include "protocol/channel/channel.h"
#include "test/soft_faces/machine_fixture.h"

// For tests: ends of an attested channel that speak real TLS, give evidence of a keep on the
// development platform, and appraise it.
namespace ward::channel_fixture {

namespace channel = protocol::channel;
namespace faces = soft::faces_fixture;
using net::TlsSide;

// Identity is a TLS key with a certificate for it.
struct Identity {
  crypto::PrivateKey key;
  Buffer certificate;
  crypto::Sha256Digest digest{};
};

inline Identity make_identity(const std::string& seed) {
  crypto::SeededRng rng(as_bytes(seed));
  crypto::PrivateKey key = *crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
  const pki::NamePart part{.type = "CN", .value = "channel test"};
  pki::CertificateSpec spec;
  spec.serial = {0x41};
  spec.signature_algorithm = crypto::SignatureAlgorithm::kEcdsaP256Sha256;
  spec.issuer = spec.subject = *pki::make_name(std::span(&part, 1));
  spec.not_before = faces::kFrom;
  spec.not_after = UnixTime{faces::kFrom.seconds + 86400};
  spec.spki = key.public_key().to_spki();
  Buffer certificate = *pki::build_certificate(spec, [&](Bytes signed_part) {
    return key.sign(crypto::SignatureAlgorithm::kEcdsaP256Sha256, signed_part);
  });
  const auto digest = crypto::sha256(spec.spki);
  return {std::move(key), std::move(certificate), digest};
}

// Judge is a relying party that knows one machine and one keep.
class Judge final : public channel::Appraiser {
 public:
  Judge(const soft::Guest& guest, attest::Policy policy)
      : verifier_(tee::all_schemes(), faces::maker().anchors(), std::move(policy)),
        collateral_(faces::maker().documents(guest.face())),
        expected_(faces::expectations(guest, faces::good_launch())) {}

  channel::Judgement appraise(Bytes evidence, const channel::ReportData& report_data) override {
    expected_.report_data = std::vector<Buffer>{to_buffer(report_data)};
    const auto out = verifier_.appraise(
        {.evidence = evidence, .collateral = collateral_, .now = now, .expected = expected_});
    return out ? channel::judgement_of(*out) : channel::Judgement{};
  }

  UnixTime now = faces::kNow;

 private:
  verifier::Verifier verifier_;
  attest::Collateral collateral_;
  attest::Expectations expected_;
};

inline attest::Policy good_policy() {
  attest::Policy out{.name = "channel test"};
  out.allow_development = true;
  return out;
}

class TlsExporter final : public channel::Exporter {
 public:
  explicit TlsExporter(const net::TlsEngine& tls) : tls_(tls) {}

  Result<channel::ExporterValue> value(Bytes context) const override {
    WARD_TRY(const Buffer out, tls_.exporter(channel::kExporterLabel, context, 32));
    return *to_array<32>(out);
  }

 private:
  const net::TlsEngine& tls_;
};

// End is one TLS connection with or without a channel on it.
struct End {
  End(TlsSide of, const Identity& identity, const net::TlsContext& context)
      : tls(*net::TlsEngine::make(context, of)), own_key(identity.digest), side(of) {}

  // shake gives TLS octets; true once the handshake is over.
  bool shake(Bytes octets) {
    tls->receive(octets);
    if (!shaken) {
      const auto done = tls->handshake();
      broken = broken || !done;
      shaken = done && *done;
    }
    return shaken;
  }

  void begin(channel::Settings settings, channel::Appraiser& judge, crypto::Rng& rng) {
    settings.role = side == TlsSide::kClient ? channel::Role::kClient : channel::Role::kServer;
    exporter = std::make_unique<TlsExporter>(*tls);
    channel = std::make_unique<channel::Channel>(
        settings,
        channel::Ends{
            .protocol = tls->protocol(), .own_key = own_key, .peer_key = tls->peer_spki_sha256()},
        *exporter, judge, rng, 0);
  }

  Buffer read() {
    Buffer out;
    std::array<std::uint8_t, 4096> block{};
    while (true) {
      const auto n = tls->read(block);
      broken = broken || !n;
      if (!n || *n == 0) return out;
      out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(*n));
    }
  }

  std::unique_ptr<net::TlsEngine> tls;
  crypto::Sha256Digest own_key;
  TlsSide side;
  bool shaken = false;
  bool broken = false;
  std::unique_ptr<TlsExporter> exporter;
  std::unique_ptr<channel::Channel> channel;
};

// Bed is what all tests here stand on; it is made once.
struct Bed {
  std::unique_ptr<const soft::Platform> platform = faces::make_platform();
  std::unique_ptr<soft::Guest> guest = faces::start(*platform, *soft::find_face("sgx"));
  Identity server = make_identity("server");
  Identity client = make_identity("client");
  Identity relay = make_identity("relay");
  net::TlsContext server_context =
      *net::channel_context(TlsSide::kServer, server.certificate, server.key);
  net::TlsContext client_context =
      *net::channel_context(TlsSide::kClient, client.certificate, client.key);
};

inline Bed& bed() {
  static Bed kBed;
  return kBed;
}

// Wire carries what one end of TLS says to the other; `change` may alter it.
using WireChange = std::function<void(Buffer&)>;

inline bool carry(End& from, End& to, const WireChange& change = {}) {
  Buffer octets = from.tls->take_output();
  if (octets.empty()) return false;
  if (change) change(octets);
  to.shake(octets);
  return true;
}

// shake_hands brings both handshakes to their end, or as far as they go.
inline void shake_hands(End& client, End& server) {
  client.shake({});
  while (carry(client, server) || carry(server, client)) {
  }
}

// Talk is a client and a server with a channel between them.
class Talk {
 public:
  explicit Talk(attest::Policy client_policy = good_policy(), bool mutual = true)
      : client(TlsSide::kClient, bed().client, bed().client_context),
        server(TlsSide::kServer, bed().server, bed().server_context),
        client_judge(*bed().guest, std::move(client_policy)),
        server_judge(*bed().guest, good_policy()) {
    shake_hands(client, server);
    if (!client.shaken || !server.shaken) return;
    client.begin({.gives = mutual, .wants = true, .reattest_ms = 60'000}, client_judge, rng);
    server.begin({.gives = true, .wants = mutual}, server_judge, rng);
  }

  // step carries everything that either side has to say, once.
  bool step() {
    give_evidence(client);
    give_evidence(server);
    const bool to_server = pass(client, server, on_the_way);
    const bool to_client = pass(server, client, on_the_way);
    return to_server || to_client;
  }

  void run() {
    while (step()) {
    }
  }

  static void give_evidence(End& end) {
    if (!end.channel->wanted()) return;
    const channel::ReportData data = *end.channel->wanted();
    end.channel->give_evidence(bed().guest->evidence(data)->octets);
  }

  bool pass(End& from, End& to, const WireChange& change) {
    const Buffer said = from.channel->take_output();
    if (!from.tls->write(said)) from.broken = true;
    if (!carry(from, to, change)) return false;
    to.channel->receive(to.read(), now_ms);
    return true;
  }

  std::int64_t now_ms = 0;
  WireChange on_the_way;
  End client;
  End server;
  Judge client_judge;
  Judge server_judge;
  crypto::SystemRng rng;
};

inline std::string refusal_of(const End& end) {
  const auto& why = end.channel->refusal();
  return why ? (why->by_peer ? "peer: " : "") + why->check : "";
}

}  // namespace ward::channel_fixture
