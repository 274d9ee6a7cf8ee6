#include "tee/snp/key_request.h"

#include "base/writer.h"

namespace ward::snp {
namespace {

// The four values that KEY_SELECT may have.
bool is_known(std::uint32_t select) {
  switch (static_cast<RootKey>(select)) {
    case RootKey::kDefault:
    case RootKey::kVmrk:
    case RootKey::kVcek:
    case RootKey::kVlek:
      return select <= 0xff;
  }
  return false;
}

}  // namespace

Result<KeyRequest> parse_key_request(Bytes in) {
  if (in.size() < kKeyRequestSize) {
    return Error(Errc::kTruncated, "snp.key_request: size, not 32", in.size());
  }
  if (in.size() > kKeyRequestSize) {
    return Error(Errc::kMalformed, "snp.key_request: size, not 32", in.size());
  }
  Reader r(in);
  KeyRequest out;
  std::uint32_t select = 0;
  std::uint32_t reserved = 0;
  if (!r.u32le(select) || !r.u32le(reserved) || !r.u64le(out.guest_field_select) ||
      !r.u32le(out.vmpl) || !r.u32le(out.guest_svn) || !r.array(out.tcb_version)) {
    return Error(Errc::kTruncated, "snp.key_request: size", in.size());
  }
  if (!is_known(select)) return Error(Errc::kMalformed, "snp.key_request: KEY_SELECT", select);
  if (reserved != 0) return Error(Errc::kMalformed, "snp.key_request: reserved octets");
  if ((out.guest_field_select & ~guest_field::kKnown) != 0) {
    return Error(Errc::kMalformed, "snp.key_request: reserved bits of GUEST_FIELD_SELECT",
                 out.guest_field_select);
  }
  out.root_key = static_cast<RootKey>(select);
  return out;
}

Buffer write_key_request(const KeyRequest& request) {
  Writer w;
  w.u32le(static_cast<std::uint32_t>(request.root_key));
  w.u32le(0);
  w.u64le(request.guest_field_select);
  w.u32le(request.vmpl);
  w.u32le(request.guest_svn);
  w.bytes(request.tcb_version);
  return w.take();
}

}  // namespace ward::snp
