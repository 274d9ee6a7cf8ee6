#pragma once

#include <optional>
#include <string>

#include "keep/device.h"

namespace ward::test {

// EchoDevice gives back what it is asked with, and remembers the rest.
class EchoDevice final : public keep::Device {
 public:
  Answer<std::string> tee() override { return std::string("sgx"); }

  Answer<std::string> info() override {
    if (refusal) return *refusal;
    return std::string("{}");
  }

  Answer<keep::Evidence> evidence(keep::ReportData report_data) override {
    if (refusal) return *refusal;
    return keep::Evidence{.tee = "sgx", .primary = "{\"quote\":\"" + to_hex(report_data) + "\"}"};
  }

  Answer<keep::RawEvidence> raw_evidence(keep::ReportData report_data) override {
    if (refusal) return *refusal;
    return keep::RawEvidence{.evidence = to_buffer(report_data), .event_log = event_log};
  }

  Answer<Buffer> local_report(Bytes target, keep::ReportData report_data) override {
    if (refusal) return *refusal;
    Buffer out = to_buffer(report_data);
    out.insert(out.end(), target.begin(), target.end());
    return out;
  }

  Answer<void> verify_report(Bytes report) override {
    if (refusal) return *refusal;
    verified = to_buffer(report);
    return {};
  }

  Answer<SecretBytes> key(Bytes request) override {
    if (refusal) return *refusal;
    return SecretBytes::copy_of(request);
  }

  Answer<void> extend(unsigned register_index, Bytes event_data) override {
    if (refusal) return *refusal;
    index = register_index;
    event = to_buffer(event_data);
    return {};
  }

  std::optional<keep::Failure> refusal;
  Buffer event_log;
  Buffer verified;
  Buffer event;
  unsigned index = 0;
};

}  // namespace ward::test
