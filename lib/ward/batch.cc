#include "verifier/batch.h"

#include <algorithm>
#include <memory>

#include "lib/ward/appraisal.h"
#include "lib/ward/boundary.h"
#include "lib/ward/handles.h"
#include "lib/ward/job.h"
#include "tee/all.h"

namespace ward::library {
namespace {

constexpr std::size_t kGreatestJob = 4096;  // more is a size that was never set

// Jobs is the caller's array, whose structures may be of an older or a newer version.
struct Jobs {
  const char* function = nullptr;  // that was called, for faults
  const ward_job* first = nullptr;
  std::size_t count = 0;
  std::size_t size = 0;  // of each
};

// Teller tells the caller of one job.
struct Teller {
  ward_verified_fn done = nullptr;
  void* user = nullptr;

  void operator()(std::size_t index, const ward_appraisal& appraisal) const {
    done(user, index, &appraisal, nullptr);
  }

  void operator()(std::size_t index, const Fault& fault) const {
    ward_error* error = nullptr;
    set_error(&error, fault);
    const std::unique_ptr<ward_error, decltype(&ward_error_free)> owned(error, ward_error_free);
    done(user, index, nullptr, error);
  }
};

Fault too_many(std::string what, std::size_t most, const char* hint) {
  return {.status = WARD_ERROR_LIMIT,
          .what = std::move(what) + ", at most " + std::to_string(most) + " are taken",
          .hint = hint};
}

Result<Jobs, Fault> jobs_of(const char* function, const ward_job* jobs, std::size_t count) {
  if (count > WARD_MAX_JOBS) {
    return too_many(std::string(function) + ": " + std::to_string(count) + " jobs", WARD_MAX_JOBS,
                    "make several batches");
  }
  if (count == 0) return Jobs{.function = function};
  if (jobs == nullptr) {
    return usage(std::string(function) + ": " + std::to_string(count) + " jobs at NULL",
                 "give the address of the first job");
  }
  const std::size_t size = jobs->size;
  if (size < sizeof(ward_job) || size > kGreatestJob || size % alignof(ward_job) != 0) {
    return usage(std::string(function) + ": the first job does not say its size",
                 "set the size of each job to sizeof(ward_job)");
  }
  return Jobs{function, jobs, count, size};
}

Result<ward_job, Fault> job_at(const Jobs& jobs, std::size_t index) {
  const void* const first = jobs.first;
  const Bytes octets(static_cast<const std::uint8_t*>(first) + index * jobs.size, jobs.size);
  ward_job out{};
  std::memcpy(&out, octets.data(), sizeof(out));
  if (out.size != jobs.size) {
    return usage(std::string(jobs.function) + ": the job says another size than the first",
                 "set the size of each job to sizeof(ward_job)");
  }
  // A demand of a later version would be dropped without a word.
  const Bytes unknown = octets.subspan(sizeof(out));
  if (std::ranges::any_of(unknown, [](std::uint8_t octet) { return octet != 0; })) {
    return usage(
        std::string(jobs.function) + ": the job has a member that this library does not know",
        "install the version that the program was built for, or zero each job first");
  }
  return out;
}

// request_at asks for no collateral beside what was prepared.
Result<verifier::Request, Fault> request_at(const Jobs& jobs, std::size_t index,
                                            const verifier::Verifier& verifier) {
  static const attest::Collateral none;
  WARD_TRY(const ward_job job, job_at(jobs, index));
  return request_of(jobs.function, job, verifier, none);
}

std::shared_ptr<const verifier::PreparedCollateral> prepared(const ward_collateral& collateral) {
  const std::lock_guard<std::mutex> lock(collateral.mutex);
  if (collateral.prepared == nullptr) {
    collateral.prepared =
        std::make_shared<verifier::PreparedCollateral>(tee::all_schemes(), collateral.collateral);
  }
  return collateral.prepared;
}

// verify_all tells of what cannot be asked first, and then of the rest.
void verify_all(const ward_verifier& verifier, const Jobs& jobs,
                const verifier::PreparedCollateral* collateral, unsigned threads,
                const Teller& tell) {
  std::vector<verifier::Request> requests;
  std::vector<std::size_t> indices;
  requests.reserve(jobs.count);
  indices.reserve(jobs.count);
  for (std::size_t i = 0; i < jobs.count; ++i) {
    auto request = request_at(jobs, i, verifier.verifier);
    if (!request) {
      tell(i, request.error());
      continue;
    }
    request->prepared = collateral;
    requests.push_back(*std::move(request));
    indices.push_back(i);
  }
  verifier::appraise_all(
      verifier.verifier, requests, threads,
      [&](std::size_t i, const attest::Appraisal* appraisal, const Error* error) {
        if (appraisal == nullptr) return tell(indices[i], internal(*error));
        ward_appraisal shown;
        show_appraisal(*appraisal, verifier.verifier.policy(), shown);
        tell(indices[i], shown);
      });
}

}  // namespace
}  // namespace ward::library

// NOLINTNEXTLINE(readability-function-size): C has no named arguments.
ward_status ward_verifier_verify_all(const ward_verifier* verifier, const ward_job* jobs,
                                     std::size_t count, const ward_collateral* collateral,
                                     unsigned threads, ward_verified_fn done, void* user,
                                     ward_error** error) noexcept {
  const char* function = __func__;
  return ward::library::enter(error, [&]() -> ward::library::Done {
    if (verifier == nullptr) return ward::library::null(function, "verifier");
    if (done == nullptr) {
      return ward::library::usage(std::string(function) + ": done is NULL",
                                  "give the function that is told of each job");
    }
    if (threads > WARD_MAX_THREADS) {
      return ward::library::too_many(
          std::string(function) + ": " + std::to_string(threads) + " threads", WARD_MAX_THREADS,
          "give 0: as many as the machine runs at once");
    }
    WARD_TRY(const ward::library::Jobs all, ward::library::jobs_of(function, jobs, count));
    const auto read = collateral == nullptr ? nullptr : ward::library::prepared(*collateral);
    ward::library::verify_all(*verifier, all, read.get(), threads, {done, user});
    return {};
  });
}
