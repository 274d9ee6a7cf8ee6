#include "keep/agent.h"

#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret_memory.h"
#include "keep/broker_session.h"
#include "keep/fd.h"
#include "keep/renewal.h"

namespace ward::keep {
namespace {

// Step is a stage's failure: the run ends with this report.
using Step = std::optional<RunReport>;

RunReport ended(Ending ending, std::string subject, std::string detail) {
  return {.ending = ending,
          .status = 0,
          .subject = std::move(subject),
          .detail = std::move(detail),
          .left_behind = 0,
          .milliseconds = 0,
          .renewals = 0,
          .key_memory = SecretMemory::kOrdinary};
}

RunReport ended(const Trouble& trouble) {
  return ended(trouble.ending, trouble.subject, trouble.detail);
}

class Agent {
 public:
  explicit Agent(const AgentParts& parts) : parts_(parts), manifest_(parts.keep->manifest) {}

  RunReport run() {
    if (manifest_.broker) {
      if (Step failed = with_keys([this] { return prepare(); })) return *failed;
    }
    auto report = run_bounded();
    if (!report) return ended(Ending::kInternal, "", report.error().what());
    if (report->ending != Ending::kDone) return *report;
    for (const OutputEntry& output : manifest_.outputs) {
      Step failed = lease_ended(*report);
      if (!failed) failed = with_keys([&] { return seal(output); });
      if (failed) return *failed;
    }
    return *report;
  }

 private:
  // run_bounded runs the workload for as long as its keys may be used.
  Result<RunReport> run_bounded() {
    WorkloadRequest request = parts_.workload;
    if (!renewal_ || !renewal_->bounds()) return run_workload(request);
    if (const auto over = renewal_->ended()) return ended(*over);
    WARD_CHECK_OK(renewal_->start());
    request.warrant = &*renewal_;
    auto report = run_workload(request);
    renewal_->stop();
    if (!report) return report;
    report->renewals = renewal_->count();
    if (report->ending == Ending::kDone || report->ending == Ending::kLeaseExpired) {
      if (const Step over = lease_ended(*report)) return *over;
    }
    return report;
  }

  // lease_ended is the report of a run whose keys may not be used any more.
  [[nodiscard]] Step lease_ended(const RunReport& run) {
    const auto over = renewal_ ? renewal_->ended() : std::nullopt;
    if (!over) return std::nullopt;
    RunReport out = run;
    out.ending = over->ending;
    out.subject = over->subject;
    out.detail = over->detail;
    return out;
  }

  // with_keys runs a stage that has keys at hand on secret memory, its stack included.
  template <class Stage>
  static Step with_keys(const Stage& stage) {
    Step out;
    on_secret_stack([&] { out = stage(); });
    return out;
  }

  // prepare attests and opens the inputs. Nothing of the broker is at hand afterwards but what
  // renews.
  Step prepare() {
    parts_.deadline->restart();
    auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, *parts_.rng);
    if (!key) return ended(Ending::kInternal, "key", key.error().what());
    key_.emplace(*std::move(key));
    renewal_.emplace(parts_, *key_, boottime_ms);
    BrokerSession session(parts_, *key_);
    if (auto trouble = session.attest()) return ended(*trouble);
    proof_.token = session.token();
    proof_.init_data = std::string(parts_.init_data);
    for (std::size_t i = 0; i < manifest_.inputs.size(); ++i) {
      if (Step failed = open(session, i)) return failed;
    }
    return std::nullopt;
  }

  Step open(BrokerSession& session, std::size_t index) {
    const InputEntry& input = manifest_.inputs[index];
    parts_.deadline->restart();
    const std::int64_t began_ms = boottime_ms();
    auto released = session.fetch(input.resource);
    if (!released) return ended(released.error());
    if (auto trouble = renewal_->released(index, *released, began_ms)) return ended(*trouble);
    const std::string path = "/in/" + input.name;
    const UniqueFd plain(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400));
    if (!plain.valid()) return ended(Ending::kInternal, input.name, "file of the opened input");
    auto opened = parts_.files->open_input(input, released->key.expose(), parts_.input_fds[index],
                                           plain.get());
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
  std::optional<Renewal> renewal_;
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
