// The agent in a real keep, against a broker that speaks the protocol over TLS and real sealed
// files.
#include <algorithm>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

#include "crypto/keywrap.h"
#include "crypto/rng.h"
#include "keep/output_channel.h"
#include "net/http/server.h"
#include "protocol/kbs/message.h"
#include "seal/file/sealed_file.h"
#include "test/support/keep_fixture.h"
#include "test/support/tls_identity.h"
#include "token/jwe.h"
#include "token/jwk.h"

namespace ward::keep {
namespace {

namespace kbs = protocol::kbs;

constexpr const char* kResource = "vendor/model/key";
constexpr const char* kToken = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl";

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
      const std::lock_guard<std::mutex> lock(mutex_);
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

  void refuse_with(const std::string& detail) { refusal_ = detail; }

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
    if (request.target != std::string("/kbs/v0/resource/") + kResource || !jwk_)
      return reply(404, kbs::write_error({.type = "PluginInternalError", .detail = "none"}));
    auto jwe = token::encrypt_jwe(jwk_->key, key_.expose(), rng_);
    return jwe ? reply(200, token::to_json(*jwe)) : denied("no JWE");
  }

  protocol::HttpResponse attest(const protocol::HttpRequest& request) {
    if (!refusal_.empty()) return denied(refusal_);
    auto message = kbs::parse_attestation(request.body);
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
  std::unique_ptr<net::HttpServer> server_;
};

// Relay carries octets between the keep's one socket and the broker, and keeps a copy.
class Relay {
 public:
  Relay(int keep_side, std::uint16_t port) : keep_side_(keep_side) {
    broker_side_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(broker_side_.get(), std::bit_cast<sockaddr*>(&address), sizeof address), 0);
    thread_ = std::thread([this] { carry(); });
  }

  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  ~Relay() {
    ::shutdown(keep_side_, SHUT_RDWR);
    ::shutdown(broker_side_.get(), SHUT_RDWR);
    join();
  }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

  // Valid after join().
  std::string seen;

 private:
  bool pass(int from, int to) {
    char block[16384];
    const ssize_t n = ::read(from, block, sizeof block);
    if (n <= 0) return false;
    seen.append(block, static_cast<std::size_t>(n));
    return ::send(to, block, static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
  }

  void carry() {
    while (true) {
      pollfd fds[2] = {{.fd = keep_side_, .events = POLLIN, .revents = 0},
                       {.fd = broker_side_.get(), .events = POLLIN, .revents = 0}};
      if (::poll(fds, 2, -1) < 0) return;
      if (fds[0].revents != 0 && !pass(keep_side_, broker_side_.get())) return;
      if (fds[1].revents != 0 && !pass(broker_side_.get(), keep_side_)) return;
    }
  }

  int keep_side_;
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

seal::ReadFn reading(const std::string& text) {
  return [&text, at = std::size_t{0}](std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
    const std::size_t n = std::min(out.size(), text.size() - at);
    std::copy_n(as_bytes(text).begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
    at += n;
    return n;
  };
}

seal::WriteFn appending(std::string& text) {
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

class EchoDevice final : public Device {
 public:
  Result<std::string> tee() override { return std::string("sgx"); }

  Result<Evidence> evidence(ReportData report_data) override {
    return Evidence{.tee = "sgx", .primary = "{\"quote\":\"" + to_hex(report_data) + "\"}"};
  }
};

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
      while (true) {
        auto more = (*keep)->serve_device(echo);
        if (!more || !*more) return;
      }
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
bool shows(std::string_view seen, std::string_view plain) {
  for (std::size_t at = 0; at + 16 <= plain.size(); at += 64) {
    if (seen.find(plain.substr(at, 16)) != std::string_view::npos) return true;
  }
  return false;
}

TEST_F(KeepTest, sealed_input_becomes_sealed_output) {
  const RunReport report = run();
  ASSERT_EQ(report.ending, Ending::kDone) << report.subject << ": " << report.detail;
  EXPECT_EQ(broker_.init_data(), workload_init_data_);
  const std::string& sealed = sink_.files.at("out.csv");
  const seal::ReadFn in = reading(sealed);
  auto head = seal::read_head(in);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->header.creator, "ward-keep");
  ASSERT_TRUE(head->header.provenance);
  EXPECT_EQ(head->header.provenance->token, kToken);
  EXPECT_EQ(head->header.provenance->init_data, workload_init_data_);
  ASSERT_EQ(head->header.provenance->inputs.size(), 1U);
  EXPECT_EQ(head->header.provenance->inputs[0].name, "records.csv");
  EXPECT_EQ(to_hex(head->header.provenance->inputs[0].id), file_id_);
  auto key = seal::unlock(*head, {.keys = nullptr, .identity = &*receiver_, .passphrase = nullptr});
  ASSERT_TRUE(key);
  std::string plain;
  ASSERT_TRUE(seal::open_body(*head, *key, in, appending(plain)));
  EXPECT_EQ(plain, secret_);
}

TEST_F(KeepTest, what_passes_the_operator_shows_no_plaintext) {
  ASSERT_EQ(run().ending, Ending::kDone);
  EXPECT_GT(exchanged_.size(), 1000U);
  EXPECT_FALSE(shows(exchanged_, secret_));
  EXPECT_FALSE(shows(sink_.files.at("out.csv"), secret_));
  EXPECT_TRUE(shows("xyz" + secret_, secret_));  // the search would have found it
}

TEST_F(KeepTest, the_brokers_refusal_is_reported_in_its_words) {
  broker_.refuse_with("workload is not accepted");
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kBrokerRefused);
  EXPECT_EQ(report.detail, "workload is not accepted");
  EXPECT_TRUE(sink_.files.empty());
}

TEST_F(KeepTest, another_broker_than_the_manifest_names_is_not_asked) {
  manifest_.broker->spki_sha256[0] ^= 1U;
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kBrokerUntrusted);
  EXPECT_EQ(broker_.init_data(), "");
}

TEST_F(KeepTest, an_input_under_another_resource_does_not_open) {
  manifest_.inputs[0].resource = "vendor/model/other";
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kBrokerUnreachable);  // 404: the broker has no such key
  EXPECT_EQ(report.subject, "vendor/model/other");
}

TEST_F(KeepTest, another_version_than_the_manifest_names_is_refused) {
  seal_input("records.csv.ward", "an older file under the same key");
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kInputRefused);
  EXPECT_EQ(report.subject, "records.csv");
  EXPECT_EQ(report.detail, "seal.file.id_mismatch: the file has another id");
}

TEST_F(KeepTest, a_changed_octet_of_an_input_is_refused) {
  std::fstream file(folder_ / "records.csv.ward", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-100, std::ios::end);
  file.put('\0');
  file.put('\1');
  file.close();
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kInputRefused);
  EXPECT_EQ(report.detail, "seal.file.segment_changed: a segment was changed");
}

TEST_F(KeepTest, an_output_that_was_not_written_is_named) {
  manifest_.argv = {"/app/probe", "exit", "0"};
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kOutputMissing);
  EXPECT_EQ(report.subject, "out.csv");
}

TEST_F(KeepTest, a_failing_workload_hands_out_nothing) {
  manifest_.argv = {"/app/probe", "exit", "3"};
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kWorkloadFailed);
  EXPECT_EQ(report.status, 3U);
  EXPECT_TRUE(sink_.files.empty());
}

// memory_of reads everything that a process has mapped and lets be read.
std::string memory_of(pid_t pid) {
  const std::string proc = "/proc/" + std::to_string(pid);
  const UniqueFd memory(::open((proc + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(memory.valid());
  std::ifstream maps(proc + "/maps");
  std::string out;
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx r", &begin, &end) != 2 || end - begin > (1U << 28U))
      continue;
    std::string part(end - begin, '\0');
    const ssize_t n = ::pread(memory.get(), part.data(), part.size(), static_cast<off_t>(begin));
    if (n > 0) out.append(part, 0, static_cast<std::size_t>(n));
  }
  return out;
}

TEST_F(KeepTest, the_launcher_never_holds_a_plaintext_octet) {
  write("manifest.toml", to_toml(manifest_));
  Relay relay(relay_.get(), broker_.port());
  for (const int fd : {relay_inside_.get(), output_inside_.get()})
    ASSERT_EQ(::fcntl(fd, F_SETFD, 0), 0);  // the launcher inherits these two
  int hold[2];
  ASSERT_EQ(::pipe2(hold, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, hold[0], 0);
  const std::string argv[] = {
      WARD_KEEP_LAUNCH, folder_ / "manifest.toml",           folder_,
      agent_,           std::to_string(relay_inside_.get()), std::to_string(output_inside_.get())};
  std::vector<char*> pointers;
  for (const std::string& argument : argv)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  char* const no_environment[] = {nullptr};
  pid_t launcher = 0;
  ASSERT_EQ(
      ::posix_spawn(&launcher, argv[0].c_str(), &actions, nullptr, pointers.data(), no_environment),
      0);
  ::posix_spawn_file_actions_destroy(&actions);
  relay_inside_.reset();
  output_inside_.reset();
  auto report = read_outputs(output_.get(), manifest_, 1U << 24U, sink_);
  relay.join();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->ending, Ending::kDone) << report->detail;
  const std::string memory = memory_of(launcher);
  EXPECT_FALSE(shows(memory, secret_));
  EXPECT_NE(memory.find(manifest_.broker->url), std::string::npos);  // the search sees its heap
  EXPECT_TRUE(shows(memory_of(::getpid()), secret_));  // and would find it where it is
  ::close(hold[1]);
  ::close(hold[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(launcher, &status, 0), launcher);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ward::keep
