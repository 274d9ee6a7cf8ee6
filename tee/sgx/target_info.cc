#include "tee/sgx/target_info.h"

#include <algorithm>

#include "base/writer.h"

namespace ward::sgx {
namespace {

constexpr std::size_t kReserved2 = target_info::Reserved2::kEnd - target_info::Reserved2::kBegin;
constexpr std::size_t kReserved3 = target_info::Reserved3::kEnd - target_info::Reserved3::kBegin;

template <std::size_t N>
void copy(Bytes from, std::array<std::uint8_t, N>& to) {
  std::copy_n(from.begin(), N, to.begin());
}

}  // namespace

Result<TargetInfo> parse_target_info(Bytes in) {
  if (in.size() < kTargetInfoSize) {
    return Error(Errc::kTruncated, "sgx.target_info: size, not 512", in.size());
  }
  if (in.size() > kTargetInfoSize) {
    return Error(Errc::kMalformed, "sgx.target_info: size, not 512", in.size());
  }
  Reader r(in);
  TargetInfo out;
  std::uint8_t reserved1 = 0;
  Bytes reserved2;
  const bool whole = r.array(out.mr_enclave) && r.array(out.attributes) &&
                     r.u8(out.cet_attributes) && r.u8(reserved1) && r.u16le(out.config_svn) &&
                     r.array(out.misc_select) && r.bytes(kReserved2, reserved2) &&
                     r.array(out.config_id);
  if (!whole || reserved1 != 0 || !all_zero(reserved2) || !all_zero(r.rest())) {
    return Error(Errc::kMalformed, "sgx.target_info: reserved octets are not zero");
  }
  return out;
}

Buffer write_target_info(const TargetInfo& target) {
  Writer w;
  w.bytes(target.mr_enclave);
  w.bytes(target.attributes);
  w.u8(target.cet_attributes);
  w.u8(0);
  w.u16le(target.config_svn);
  w.bytes(target.misc_select);
  w.zeros(kReserved2);
  w.bytes(target.config_id);
  w.zeros(kReserved3);
  return w.take();
}

TargetInfo target_info_of(const dcap::ReportBody& body) {
  namespace field = dcap::report_body;
  TargetInfo out;
  copy(body.get<field::MrEnclave>(), out.mr_enclave);
  copy(body.get<field::Attributes>(), out.attributes);
  copy(body.get<field::MiscSelect>(), out.misc_select);
  copy(body.get<field::ConfigId>(), out.config_id);
  out.config_svn = body.u16<field::ConfigSvn>();
  return out;
}

}  // namespace ward::sgx
