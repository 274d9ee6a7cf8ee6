#include "tee/sgx/key_request.h"

#include "base/writer.h"

namespace ward::sgx {

Result<KeyRequest> parse_key_request(Bytes in) {
  if (in.size() < kKeyRequestSize) {
    return Error(Errc::kTruncated, "sgx.key_request: size, not 512", in.size());
  }
  if (in.size() > kKeyRequestSize) {
    return Error(Errc::kMalformed, "sgx.key_request: size, not 512", in.size());
  }
  Reader r(in);
  KeyRequest out;
  std::uint8_t reserved1 = 0;
  const bool whole = r.u16le(out.key_name) && r.u16le(out.key_policy) && r.u16le(out.isv_svn) &&
                     r.u8(out.cet_attributes_mask) && r.u8(reserved1) && r.array(out.cpu_svn) &&
                     r.array(out.attribute_mask) && r.array(out.key_id) && r.array(out.misc_mask) &&
                     r.u16le(out.config_svn);
  if (!whole || reserved1 != 0 || !all_zero(r.rest())) {
    return Error(Errc::kMalformed, "sgx.key_request: reserved octets are not zero");
  }
  if ((out.key_policy & ~key_policy::kKnown) != 0) {
    return Error(Errc::kMalformed, "sgx.key_request: reserved bits of KEYPOLICY", out.key_policy);
  }
  return out;
}

Buffer write_key_request(const KeyRequest& request) {
  Writer w;
  w.u16le(request.key_name);
  w.u16le(request.key_policy);
  w.u16le(request.isv_svn);
  w.u8(request.cet_attributes_mask);
  w.u8(0);
  w.bytes(request.cpu_svn);
  w.bytes(request.attribute_mask);
  w.bytes(request.key_id);
  w.bytes(request.misc_mask);
  w.u16le(request.config_svn);
  w.zeros(key_request::Reserved2::kEnd - key_request::Reserved2::kBegin);
  return w.take();
}

}  // namespace ward::sgx
