#pragma once

#include <algorithm>
#include <bit>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "crypto/keywrap.h"
#include "crypto/rng.h"
#include "keep/door.h"
#include "keep/output_channel.h"
#include "net/http/server.h"
#include "protocol/kbs/lease.h"
#include "protocol/kbs/message.h"
#include "seal/file/sealed_file.h"
#include "test/support/echo_device.h"
#include "test/support/keep_fixture.h"
#include "test/support/tls_identity.h"
#include "token/jwe.h"
#include "token/jwk.h"

// For tests of the agent in a real keep, against a broker that speaks the protocol over TLS and
// real sealed files.
namespace ward::keep {

namespace kbs = protocol::kbs;

inline constexpr const char* kResource = "vendor/model/key";
inline constexpr const char* kToken = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl";

// FakeBroker releases one key to whoever binds the challenge's nonce and the own key in "evidence"
// that is the report data in hex.
class FakeBroker {
 public:
  FakeBroker() {
    key_.expose_mut()[0] = 1;
    rng_.fill(key_.expose_mut());
    auto context = net::server_context(identity_.certificate_pem, identity_.key_pem);
    EXPECT_TRUE(context);
    auto server = net::serve_https({}, *context, [this](const protocol::HttpRequest& request) {
      std::unique_lock<std::mutex> lock(mutex_);
      spoken_.wait(lock, [&] { return request.target != silent_at_; });
      return answer(request);
    });
    EXPECT_TRUE(server);
    server_ = *std::move(server);
  }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  [[nodiscard]] BrokerEntry entry() const {
    return {.url = "https://127.0.0.1:" + std::to_string(port()),
            .spki_sha256 = crypto::sha256(identity_.spki)};
  }

  [[nodiscard]] Bytes key() const { return key_.expose(); }

  [[nodiscard]] std::string init_data() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return init_data_;
  }

  // fall_silent_at: requests for `target` wait for speak().
  void fall_silent_at(const std::string& target) {
    const std::lock_guard<std::mutex> lock(mutex_);
    silent_at_ = target;
  }

  void speak() {
    fall_silent_at("");
    spoken_.notify_all();
  }

  void refuse_with(const std::string& detail) { refusal_ = detail; }

  // lease_for: keys come for so long.
  void lease_for(std::uint32_t seconds) { lease_seconds_ = seconds; }

  // script: what the attestations behind the first are answered with, one after the other; then
  // with 200 again. A status that is not 200 comes with `detail`.
  void script(std::vector<unsigned> statuses, const std::string& detail) {
    script_ = std::move(statuses);
    detail_ = detail;
  }

  // replace_key: another key is given from the second release on.
  void replace_key() { replaced_ = true; }

  // attestations is how many were asked for.
  [[nodiscard]] std::size_t attestations() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return attestations_;
  }

 private:
  static protocol::HttpResponse reply(unsigned status, const std::string& body) {
    return {.status = status,
            .headers = {{"Content-Type", "application/json"},
                        {"Set-Cookie", "kbs-session-id=0123456789abcdef"}},
            .body = to_buffer(as_bytes(body))};
  }

  static protocol::HttpResponse denied(const std::string& detail) {
    return reply(401, kbs::write_error({.type = "PolicyDeny", .detail = detail}));
  }

  protocol::HttpResponse answer(const protocol::HttpRequest& request) {
    if (request.target == "/kbs/v0/auth") {
      std::array<std::uint8_t, kbs::kNonceBytes> nonce{};
      rng_.fill(nonce);
      nonce_ = to_base64(nonce, Base64::kStandard);
      return reply(200, *kbs::write_challenge({.nonce = nonce_}));
    }
    if (request.target == "/kbs/v0/attest") return attest(request);
    if (request.target != std::string("/kbs/v0/resource/") + kResource || !jwk_) {
      return reply(404, kbs::write_error({.type = "PluginInternalError", .detail = "none"}));
    }
    return release();
  }

  protocol::HttpResponse release() {
    SecretBytes key(key_.expose().size());
    std::copy(key_.expose().begin(), key_.expose().end(), key.expose_mut().begin());
    if (replaced_ && releases_ > 0) key.expose_mut()[0] ^= 1U;
    ++releases_;
    auto jwe = token::encrypt_jwe(jwk_->key, key.expose(), rng_);
    if (!jwe) return denied("no JWE");
    protocol::HttpResponse out = reply(200, token::to_json(*jwe));
    if (lease_seconds_) {
      out.headers.emplace_back(
          kbs::kLeaseHeader,
          kbs::write_lease({.id = "0a-0b", .until = {.seconds = 0}, .seconds = *lease_seconds_}));
    }
    return out;
  }

  protocol::HttpResponse attest(const protocol::HttpRequest& request) {
    if (!refusal_.empty()) return denied(refusal_);
    const std::size_t number = attestations_++;
    if (number > 0 && number <= script_.size() && script_[number - 1] != 200) {
      return reply(script_[number - 1],
                   kbs::write_error({.type = "AttestationError", .detail = detail_}));
    }
    auto message = kbs::parse_attestation(request.body, kbs::Version::k0_4_0);
    if (!message || message->nonce != nonce_ || !message->init_data) return denied("message");
    auto bound = kbs::runtime_data(message->nonce, message->tee_pubkey, "");
    if (!bound) return denied("runtime data");
    const std::string wanted = "{\"quote\":\"" + to_hex(kbs::report_data(*bound)) + "\"}";
    if (message->primary_evidence != wanted) return denied("report data");
    auto jwk = token::parse_jwk(as_bytes(message->tee_pubkey));
    if (!jwk) return denied("key");
    jwk_ = *jwk;
    init_data_ = message->init_data->body;
    return reply(200, *kbs::write_token_reply(kToken));
  }

  test::TlsIdentity identity_ = test::make_tls_identity();
  crypto::SystemRng rng_;
  SecretBytes key_{32};
  std::mutex mutex_;
  std::string nonce_;
  std::optional<token::Jwk> jwk_;
  std::string init_data_;
  std::string refusal_;
  std::string silent_at_;
  std::optional<std::uint32_t> lease_seconds_;
  std::vector<unsigned> script_;
  std::string detail_;
  bool replaced_ = false;
  std::size_t attestations_ = 0;
  std::size_t releases_ = 0;
  std::condition_variable spoken_;
  std::unique_ptr<net::HttpServer> server_;
};

// Relay makes of each stream that comes out of the keep a connection to the broker, one at a time,
// and keeps a copy of what passes.
class Relay {
 public:
  Relay(int keep_side, std::uint16_t port) : keep_side_(keep_side), port_(port) {
    thread_ = std::thread([this] { serve(); });
  }

  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  ~Relay() {
    ::shutdown(keep_side_, SHUT_RDWR);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      over_ = true;
      if (broker_side_.valid()) ::shutdown(broker_side_.get(), SHUT_RDWR);
    }
    join();
  }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

  // Valid after join().
  std::string seen;
  int streams = 0;

 private:
  bool pass(int from, int to) {
    char block[16384];
    const ssize_t n = ::read(from, block, sizeof block);
    if (n <= 0) return false;
    seen.append(block, static_cast<std::size_t>(n));
    return ::send(to, block, static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
  }

  bool connect() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (over_) return false;
    broker_side_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(broker_side_.get(), std::bit_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  void serve() {
    while (const auto stream = receive_relayed(keep_side_)) {
      ++streams;
      if (connect()) carry(stream->get());
    }
  }

  void carry(int stream) {
    while (true) {
      pollfd fds[2] = {{.fd = stream, .events = POLLIN, .revents = 0},
                       {.fd = broker_side_.get(), .events = POLLIN, .revents = 0}};
      if (::poll(fds, 2, -1) < 0) return;
      if (fds[0].revents != 0 && !pass(stream, broker_side_.get())) return;
      if (fds[1].revents != 0 && !pass(broker_side_.get(), stream)) return;
    }
  }

  int keep_side_;
  std::uint16_t port_;
  std::mutex mutex_;
  bool over_ = false;
  UniqueFd broker_side_;
  std::thread thread_;
};

// OneKey wraps under the broker's key, as the owner who sealed the file did.
class OwnerKeys final : public keys::KeyProvider {
 public:
  explicit OwnerKeys(Bytes key) : key_(key) {}

  [[nodiscard]] bool has_wrapping_key(std::string_view id) const override {
    return id == kResource;
  }

  [[nodiscard]] Result<Buffer> wrap(std::string_view /*id*/, Bytes key) const override {
    return crypto::wrap_key(key_, key);
  }

  [[nodiscard]] Result<SecretBytes> unwrap(std::string_view /*id*/, Bytes wrapped) const override {
    return crypto::unwrap_key(key_, wrapped);
  }

  [[nodiscard]] Result<Buffer> sign(std::string_view /*id*/, crypto::SignatureAlgorithm /*a*/,
                                    Bytes /*message*/) const override {
    return Error(Errc::kDenied, "test: no signing");
  }

  [[nodiscard]] Result<crypto::PublicKey> public_key(std::string_view /*id*/) const override {
    return Error(Errc::kDenied, "test: no signing");
  }

 private:
  Bytes key_;
};

inline seal::ReadFn reading(const std::string& text) {
  return [&text, at = std::size_t{0}](std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
    const std::size_t n = std::min(out.size(), text.size() - at);
    std::copy_n(as_bytes(text).begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
    at += n;
    return n;
  };
}

inline seal::WriteFn appending(std::string& text) {
  return [&text](Bytes part) -> Result<void> {
    text += as_text(part);
    return {};
  };
}

class MemorySink final : public OutputSink {
 public:
  Result<void> begin(const std::string& name) override {
    current_ = name;
    return {};
  }

  Result<void> data(Bytes octets) override {
    files[current_] += as_text(octets);
    return {};
  }

  Result<void> end() override { return {}; }

  std::map<std::string, std::string> files;

 private:
  std::string current_;
};

using test::EchoDevice;

// A keep with one sealed input, which the workload copies to the one output.
class KeepTest : public KeepFixture {
 protected:
  void SetUp() override {
    KeepFixture::SetUp();
    agent_ = WARD_KEEP;
    auto receiver = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng_);
    ASSERT_TRUE(receiver);
    receiver_.emplace(*std::move(receiver));
    Buffer noise(3000);
    rng_.fill(noise);
    secret_ = to_hex(noise);
    file_id_ = seal_input("records.csv.ward", secret_);
    manifest_.broker = broker_.entry();
    manifest_.inputs = {{.name = "records.csv",
                         .resource = kResource,
                         .file_id = file_id_,
                         .source = "records.csv.ward"}};
    manifest_.outputs = {{.name = "out.csv", .receiver = receiver_->public_key().to_spki()}};
    manifest_.argv = {"/app/probe", "copy", "/in/records.csv", "/out/out.csv"};
  }

  std::string seal_input(const std::string& name, const std::string& text) {
    const OwnerKeys keys(broker_.key());
    seal::SealRequest request;
    request.name = "records.csv";
    request.creator = "test";
    request.created = {.seconds = 1'700'000'000};
    request.receivers.emplace_back(seal::ToResource{.keys = &keys, .resource = kResource});
    std::string sealed;
    auto head = seal::seal(request, rng_, reading(text), appending(sealed));
    EXPECT_TRUE(head);
    write(name, sealed);
    return head ? to_hex(head->header.id) : "";
  }

  RunReport run() {
    Relay relay(relay_.get(), broker_.port());
    auto keep = launch(request());
    if (!keep) {
      ADD_FAILURE() << keep.error().what;
      return {};
    }
    workload_init_data_ = (*keep)->measured().init_data;
    output_inside_.reset();
    relay_inside_.reset();
    std::thread device([&] {
      EchoDevice echo;
      EXPECT_TRUE((*keep)->attend(echo, {}));
    });
    auto report = read_outputs(output_.get(), manifest_, 1U << 24U, sink_);
    device.join();
    relay.join();
    exchanged_ = relay.seen;
    EXPECT_TRUE(report) << report.error().what();
    return report ? *report : RunReport{};
  }

  crypto::SystemRng rng_;
  FakeBroker broker_;
  std::optional<crypto::PrivateKey> receiver_;
  std::string secret_;
  std::string file_id_;
  MemorySink sink_;
  std::string exchanged_;
  std::string workload_init_data_;
};

// shows is true where any 16 octets of `plain`, at every 64th place, stand in `seen`.
inline bool shows(std::string_view seen, std::string_view plain) {
  for (std::size_t at = 0; at + 16 <= plain.size(); at += 64) {
    if (seen.find(plain.substr(at, 16)) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace ward::keep
