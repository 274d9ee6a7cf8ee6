#include "base/fuzz.h"
#include "broker/appraise_request.h"
#include "codec/json.h"

// What parses names one way to bind and an audience within its bounds, and can be bound.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const auto request = ward::broker::parse_appraise_request({data, size});
  if (!request) return 0;
  if (request->audience.empty() || request->audience.size() > ward::broker::kMaxAudience) {
    __builtin_trap();
  }
  if (request->session.empty() != request->report_data.has_value()) __builtin_trap();
  if (!ward::codec::parse_json(ward::as_bytes(request->primary_evidence))) __builtin_trap();
  if (request->report_data) {
    if (request->report_data->size() > ward::broker::kMaxStatedData) __builtin_trap();
    return 0;
  }
  const auto bound =
      ward::broker::appraised_text("AAAA", request->runtime_data, request->additional_evidence);
  const auto devices = ward::broker::appraised_text("AAAA", request->runtime_data, std::nullopt);
  if (!bound || !devices || *bound == *devices) __builtin_trap();
  return 0;
}
