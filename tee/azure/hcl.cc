#include "tee/azure/hcl.h"

#include "base/reader.h"
#include "base/writer.h"

namespace ward::azure {
namespace {

constexpr std::string_view kSignature = "HCLA";
constexpr std::uint32_t kRequestDataVersion = 1;
constexpr std::size_t kHeaderReserved = 12;

// The header; `size` is the whole's as it says.
Result<std::uint32_t, std::string> read_header(Reader& r, std::uint32_t& size) {
  Bytes signature;
  Bytes reserved;
  std::uint32_t version = 0;
  std::uint32_t request = 0;
  std::uint32_t status = 0;
  if (!r.bytes(kSignature.size(), signature) || !r.u32le(version) || !r.u32le(size) ||
      !r.u32le(request) || !r.u32le(status) || !r.bytes(kHeaderReserved, reserved)) {
    return std::string("it is cut within the header");
  }
  if (as_text(signature) != kSignature) return std::string("it does not begin with HCLA");
  if (version != 1 && version != 2) return "header version " + std::to_string(version);
  if (request != kAkCertificateRequest) return "request type " + std::to_string(request);
  if (status != 0) return "status " + std::to_string(status);
  if (!all_zero(reserved)) return std::string("a reserved octet of the header is not zero");
  return version;
}

}  // namespace

Result<Hcl, std::string> parse_hcl(Bytes in) {
  if (in.size() > kMaxHcl) return "it is longer than " + std::to_string(kMaxHcl) + " octets";
  Reader r(in);
  Hcl out;
  std::uint32_t size = 0;
  const auto version = read_header(r, size);
  if (!version) return version.error();
  out.version = *version;
  Bytes hardware;
  Bytes data;
  std::uint32_t request_size = 0;
  std::uint32_t request_version = 0;
  std::uint32_t data_size = 0;
  if (!r.bytes(kHardwareReportSize, hardware)) {
    return std::string("it is cut within the hardware's report");
  }
  if (!r.u32le(request_size) || !r.u32le(request_version) || !r.u32le(out.report_type) ||
      !r.u32le(out.hash_type) || !r.u32le(data_size)) {
    return std::string("it is cut within the request data");
  }
  if (request_version != kRequestDataVersion) {
    return "request data of version " + std::to_string(request_version);
  }
  if (data_size > kMaxHcl || !r.bytes(data_size, data)) {
    return std::string("it is cut within the runtime data");
  }
  if (request_size != kRequestDataSize + data_size || size != kRuntimeDataAt + data_size) {
    return std::string("its sizes do not agree");
  }
  if (!all_zero(r.rest())) return std::string("there is something behind the runtime data");
  out.hardware = to_buffer(hardware);
  out.runtime_data = to_buffer(data);
  out.padding = r.rest().size();
  return out;
}

Buffer write_hcl(const Hcl& hcl) {
  const auto size = static_cast<std::uint32_t>(hcl.runtime_data.size());
  Writer w;
  w.bytes(as_bytes(kSignature));
  w.u32le(hcl.version);
  w.u32le(static_cast<std::uint32_t>(kRuntimeDataAt) + size);
  w.u32le(kAkCertificateRequest);
  w.u32le(0);
  w.zeros(kHeaderReserved);
  w.bytes(hcl.hardware);
  w.u32le(static_cast<std::uint32_t>(kRequestDataSize) + size);
  w.u32le(kRequestDataVersion);
  w.u32le(hcl.report_type);
  w.u32le(hcl.hash_type);
  w.u32le(size);
  w.bytes(hcl.runtime_data);
  w.zeros(hcl.padding);
  return w.take();
}

}  // namespace ward::azure
