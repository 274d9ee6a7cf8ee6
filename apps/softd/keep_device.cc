#include "apps/softd/keep_device.h"

#include "codec/json_write.h"
#include "crypto/rng.h"

namespace ward::softd {
namespace {

keep::Failure failure_of(const Error& error) {
  std::string what = error.what();
  if (error.value()) what += " (" + std::to_string(*error.value()) + ")";
  // A request that is cut is one of a wrong form; kTruncated is for streams that end.
  const Errc code = error.code() == Errc::kTruncated ? Errc::kMalformed : error.code();
  return {.code = code, .what = std::move(what)};
}

// answer is a result in the words of keep/device.h.
template <class T>
keep::Device::Answer<T> answer(Result<T> result) {
  if (!result) return failure_of(result.error());
  return *std::move(result);
}

keep::Device::Answer<void> answer(const Result<void>& result) {
  if (!result) return failure_of(result.error());
  return {};
}

std::string faces() {
  std::string out;
  for (const soft::Face& face : soft::faces()) {
    out += (out.empty() ? "" : ", ") + std::string(face.name);
  }
  return out;
}

Result<std::string> info_json(const soft::Guest& guest, bool debug, Bytes workload) {
  codec::JsonWriter w;
  w.begin_object().member("face", guest.face().name).member("tee", guest.tee());
  w.member("development", true).member("debug", debug);
  w.member("launch_measurement", to_hex(guest.launch_measurement()));
  w.member("workload", to_hex(workload));
  return w.end_object().take();
}

}  // namespace

Result<std::unique_ptr<KeepDevice>, keep::Failure> KeepDevice::launch(
    const soft::Platform& platform, const keep::LaunchOptions& options,
    const keep::Measured& measured) {
  const soft::Face* face = soft::find_face(options.face);
  if (face == nullptr) {
    return keep::Failure{.code = Errc::kUnsupported,
                         .what = "no such face: " + options.face + "; there are " + faces()};
  }
  crypto::SystemRng rng;
  soft::Launch launch;
  launch.runtime = measured.runtime;
  launch.canonical = measured.canonical;
  launch.workload = measured.workload;
  launch.debug = options.debug;
  launch.signature = options.signature;
  auto guest = soft::launch(platform, *face, launch, rng);
  if (!guest) {
    keep::Failure failure = failure_of(guest.error());
    failure.what = "soft-" + options.face + ": " + failure.what;
    return failure;
  }
  return std::unique_ptr<KeepDevice>(new KeepDevice(*std::move(guest), options, measured));
}

keep::Device::Answer<std::string> KeepDevice::tee() { return std::string(guest_->tee()); }

keep::Device::Answer<std::string> KeepDevice::info() {
  return answer(info_json(*guest_, debug_, workload_));
}

keep::Device::Answer<keep::Evidence> KeepDevice::evidence(keep::ReportData report_data) {
  auto made = guest_->evidence(report_data);
  if (!made) return failure_of(made.error());
  return keep::Evidence{.tee = guest_->tee(), .primary = std::move(made->primary)};
}

keep::Device::Answer<keep::RawEvidence> KeepDevice::raw_evidence(keep::ReportData report_data) {
  auto made = guest_->evidence(report_data);
  if (!made) return failure_of(made.error());
  keep::RawEvidence out{.evidence = std::move(made->octets), .event_log = {}};
  // The event log of a TD is the only document that comes along.
  for (attest::Document& document : made->documents) {
    out.event_log = std::move(document.bytes);
  }
  return out;
}

keep::Device::Answer<Buffer> KeepDevice::local_report(Bytes target, keep::ReportData report_data) {
  return answer(guest_->local_report(target, report_data));
}

keep::Device::Answer<void> KeepDevice::verify_report(Bytes report) {
  return answer(guest_->verify_report(report));
}

keep::Device::Answer<SecretBytes> KeepDevice::key(Bytes request) {
  return answer(guest_->derive_key(request));
}

keep::Device::Answer<void> KeepDevice::extend(unsigned index, Bytes event_data) {
  return answer(guest_->extend(index, event_data));
}

}  // namespace ward::softd
