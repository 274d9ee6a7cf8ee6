#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "verifier/verifier.h"

namespace ward::verifier {

// Done is told of each request by its index: the appraisal, or the error where there is nothing to
// appraise; the other is null. Both are borrowed for the length of the call, which comes from any
// of the threads, from several at the same time.
using Done =
    std::function<void(std::size_t index, const attest::Appraisal* appraisal, const Error* error)>;

// appraise_all appraises every request, each as Verifier::appraise does, in up to `threads` threads
// of which the caller's is one (0: as many as the machine runs at once), and returns when all are
// done. Threads share the verifier's memory of platforms and nothing else. Where `done` throws, or
// memory ends, no further requests are begun, and the first exception is thrown here. Where a
// thread cannot be started, those that there are do the work.
void appraise_all(const Verifier& verifier, std::span<const Request> requests, unsigned threads,
                  const Done& done);

}  // namespace ward::verifier
