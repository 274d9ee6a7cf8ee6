#include "bench/many.h"

#include <algorithm>
#include <ctime>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include <malloc.h>

#include "bench/platform.h"
#include "tee/all.h"
#include "tee/dcap/quote.h"
#include "verifier/platform_cache.h"

namespace ward::bench {
namespace {

std::uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(t.tv_nsec);
}

// The quote with another signature of the quoting enclave's report: another key for the cache.
class Quotes {
 public:
  explicit Quotes(std::size_t count) : quote_(sgx_platform().evidence) {
    const dcap::Quote parsed = *dcap::parse_quote(quote_, dcap::TeeType::kSgx);
    place_ = parsed.qe_layout.signature;
    const soft::DcapKeys keys = dcap_keys();
    for (std::size_t i = 0; i < count; ++i) {
      signatures_.push_back(
          *keys.pck.sign_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256, parsed.qe.report));
    }
  }

  Bytes quote(std::size_t number) {
    std::ranges::copy(signatures_[number], quote_.begin() + static_cast<std::ptrdiff_t>(place_));
    return quote_;
  }

 private:
  Buffer quote_;
  std::size_t place_ = 0;
  std::vector<Buffer> signatures_;
};

}  // namespace

Result<Many> remember_many(std::size_t count) {
  const Platform& platform = sgx_platform();
  const auto cache = std::make_shared<verifier::PlatformCache>(
      verifier::CacheLimits{.platforms = count, .octets = count * (std::size_t{64} << 10U)});
  const verifier::PreparedCollateral prepared(tee::all_schemes(), platform.documents);
  const verifier::Verifier verifier(tee::all_schemes(), platform.roots, platform.policy, cache);
  const attest::Collateral none;
  attest::Slate slate;
  Quotes quotes(count);
  const auto appraise_all = [&](const std::vector<std::size_t>& order) -> Result<std::uint64_t> {
    const std::uint64_t begin = now_ns();
    for (const std::size_t number : order) {
      const auto done = verifier.appraise({.evidence = quotes.quote(number),
                                           .collateral = none,
                                           .now = platform.now,
                                           .expected = platform.expected,
                                           .prepared = &prepared},
                                          slate);
      if (!done || slate.appraisal().verdict != attest::Verdict::kAccepted) {
        return Error(Errc::kMalformed, "bench: a platform is not accepted", number);
      }
    }
    return (now_ns() - begin) / std::max<std::size_t>(order.size(), 1);
  };
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Many out;
  const std::size_t before = mallinfo2().uordblks;
  WARD_TRY(out.first_ns, appraise_all(order));
  out.allocated = (mallinfo2().uordblks - before) / std::max<std::size_t>(count, 1);
  std::ranges::shuffle(order, std::mt19937(1));
  WARD_TRY(out.known_ns, appraise_all(order));
  const verifier::CacheCounts counts = cache->counts();
  out.found = counts.hits;
  out.counted = counts.octets / std::max<std::size_t>(counts.platforms, 1);
  return out;
}

}  // namespace ward::bench
