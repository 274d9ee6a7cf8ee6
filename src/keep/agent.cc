#include "keep/agent.h"

#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret_memory.h"
#include "keep/fd.h"
#include "protocol/kbs/client.h"
#include "token/jwe.h"
#include "token/jwk.h"

namespace ward::keep {
namespace {

constexpr const char* kKeyAlgorithm = "ECDH-ES+A256KW";

// Step is a stage's failure: the run ends with this report.
using Step = std::optional<RunReport>;

RunReport ended(Ending ending, std::string subject, std::string detail) {
  return {.ending = ending,
          .status = 0,
          .subject = std::move(subject),
          .detail = std::move(detail),
          .left_behind = 0,
          .milliseconds = 0,
          .key_memory = SecretMemory::kOrdinary};
}

Ending broker_ending(Errc code) {
  switch (code) {
    case Errc::kDenied:
      return Ending::kBrokerRefused;
    case Errc::kUntrusted:
    case Errc::kStale:
      return Ending::kBrokerUntrusted;
    case Errc::kTruncated:
    case Errc::kMalformed:
    case Errc::kUnsupported:
    case Errc::kLimit:
    case Errc::kUnavailable:
      return Ending::kBrokerUnreachable;
    case Errc::kInternal:
      return Ending::kInternal;
  }
  return Ending::kInternal;
}

class Agent {
 public:
  explicit Agent(const AgentParts& parts) : parts_(parts), manifest_(parts.keep->manifest) {}

  RunReport run() {
    if (manifest_.broker) {
      if (Step failed = with_keys([this] { return prepare(); })) return *failed;
    }
    auto report = run_workload(parts_.workload);
    if (!report) return ended(Ending::kInternal, "", report.error().what());
    if (report->ending != Ending::kDone) return *report;
    for (const OutputEntry& output : manifest_.outputs) {
      if (Step failed = with_keys([&] { return seal(output); })) return *failed;
    }
    return *report;
  }

 private:
  // broker_failed takes the broker's own words where it said why.
  [[nodiscard]] RunReport broker_failed(const Error& error, const std::string& subject) const {
    std::string detail = error.what();
    if (error.code() == Errc::kUnavailable && parts_.deadline->left_ms() == 0) {
      detail = "no answer within " + std::to_string(parts_.deadline->limit_ms()) + " ms";
    }
    if (client_ && client_->refusal()) detail = client_->refusal()->detail;
    return ended(broker_ending(error.code()), subject, detail);
  }

  // with_keys runs a stage that has keys at hand on secret memory, its stack included.
  template <class Stage>
  static Step with_keys(const Stage& stage) {
    Step out;
    on_secret_stack([&] { out = stage(); });
    return out;
  }

  // prepare attests and opens the inputs. Nothing of the broker is at hand afterwards, while the
  // workload runs.
  Step prepare() {
    Step failed = attest();
    for (std::size_t i = 0; !failed && i < manifest_.inputs.size(); ++i) {
      failed = open(i);
    }
    client_.reset();
    exchange_.reset();
    return failed;
  }

  static Step device_failed(const Failure& failure) {
    return ended(Ending::kInternal, "device", failure.what);
  }

  Step attest() {
    parts_.deadline->restart();
    auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, *parts_.rng);
    if (!key) return ended(Ending::kInternal, "key", key.error().what());
    key_.emplace(*std::move(key));
    auto tee = parts_.device->tee();
    if (!tee) return device_failed(tee.error());
    auto exchange = parts_.connector->connect(*manifest_.broker);
    if (!exchange) return broker_failed(exchange.error(), manifest_.broker->url);
    exchange_ = *std::move(exchange);
    const token::Jwk jwk{
        .key = key_->public_key(), .kid = {}, .alg = kKeyAlgorithm, .use = {}, .key_ops = {}};
    client_.emplace(protocol::kbs::ClientOptions{
        .tee = *tee,
        .tee_pubkey = token::to_json(jwk),
        .init_data =
            protocol::kbs::InitData{.format = "toml", .body = std::string(parts_.init_data)}});
    if (auto asked = challenge(); !asked) return broker_failed(asked.error(), "attestation");
    auto evidence = parts_.device->evidence(client_->report_data());
    if (!evidence) return device_failed(evidence.error());
    if (auto done = prove(*evidence); !done) return broker_failed(done.error(), "attestation");
    return std::nullopt;
  }

  Result<void> challenge() {
    WARD_TRY(const protocol::HttpRequest auth, client_->auth());
    WARD_TRY(const protocol::HttpResponse reply, exchange_->exchange(auth));
    return client_->on_challenge(reply);
  }

  Result<void> prove(const Evidence& evidence) {
    WARD_TRY(const protocol::HttpRequest attestation, client_->attest(evidence.primary));
    WARD_TRY(const protocol::HttpResponse reply, exchange_->exchange(attestation));
    WARD_CHECK_OK(client_->on_token(reply));
    proof_.token = client_->token();
    proof_.init_data = std::string(parts_.init_data);
    return {};
  }

  // fetch gets the key of an input; it was encrypted to this keep alone.
  Result<SecretBytes> fetch(const std::string& resource) {
    parts_.deadline->restart();
    WARD_TRY(const protocol::kbs::ResourcePath path, protocol::kbs::parse_resource_path(resource));
    WARD_TRY(const protocol::HttpRequest request, client_->get(path));
    WARD_TRY(const protocol::HttpResponse reply, exchange_->exchange(request));
    WARD_TRY(const std::string json, client_->on_resource(reply));
    WARD_TRY(const token::Jwe jwe, token::parse_jwe(as_bytes(json)));
    return token::decrypt_jwe(jwe, *key_);
  }

  Step open(std::size_t index) {
    const InputEntry& input = manifest_.inputs[index];
    auto key = fetch(input.resource);
    if (!key) return broker_failed(key.error(), input.resource);
    const std::string path = "/in/" + input.name;
    const UniqueFd plain(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400));
    if (!plain.valid()) return ended(Ending::kInternal, input.name, "file of the opened input");
    auto opened =
        parts_.files->open_input(input, key->expose(), parts_.input_fds[index], plain.get());
    if (!opened) {
      (void)::unlink(path.c_str());
      return ended(Ending::kInputRefused, input.name, opened.error().what());
    }
    proof_.inputs.push_back(*std::move(opened));
    return std::nullopt;
  }

  Step seal(const OutputEntry& output) {
    const std::string path = "/out/" + output.name;
    const UniqueFd plain(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));

    struct stat info {};

    if (!plain.valid() || ::fstat(plain.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
      return ended(Ending::kOutputMissing, output.name, "the workload did not write this file");
    }
    if (auto sealed = hand_out(output, plain.get()); !sealed) {
      return ended(Ending::kInternal, output.name, sealed.error().what());
    }
    return std::nullopt;
  }

  Result<void> hand_out(const OutputEntry& output, int plain_fd) {
    WARD_CHECK_OK(parts_.output->begin(output.name));
    WARD_CHECK_OK(parts_.files->seal_output(output, proof_, *key_, plain_fd, *parts_.output));
    return parts_.output->end();
  }

  const AgentParts& parts_;
  const Manifest& manifest_;
  std::optional<crypto::PrivateKey> key_;
  std::optional<protocol::kbs::Client> client_;
  std::unique_ptr<protocol::Exchange> exchange_;
  OutputProof proof_;
};

}  // namespace

Result<RunReport> run_agent(const AgentParts& parts) {
  RunReport report = Agent(parts).run();
  report.key_memory = secret_memory_in_use();
  WARD_CHECK_OK(parts.output->report(report));
  return report;
}

}  // namespace ward::keep
