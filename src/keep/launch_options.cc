#include "keep/launch_options.h"

#include <algorithm>

#include "codec/cbor.h"
#include "codec/cbor_write.h"

namespace ward::keep {
namespace {

bool is_face(std::string_view text) {
  return !text.empty() && text.size() <= kMaxFaceBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
         });
}

Result<void> check(const LaunchOptions& options) {
  if (!is_face(options.face)) return Error(Errc::kMalformed, "keep.launch: face");
  if (options.signature.size() > kMaxSignatureBytes) {
    return Error(Errc::kLimit, "keep.launch: signature", options.signature.size());
  }
  return {};
}

}  // namespace

Result<Buffer> write_launch_options(const LaunchOptions& options) {
  WARD_CHECK_OK(check(options));
  codec::CborWriter w;
  w.begin_map().member("face", options.face).member("debug", options.debug);
  return w.member("signature", options.signature).end_map().take();
}

Result<LaunchOptions> parse_launch_options(Bytes octets) {
  if (octets.size() > kMaxLaunchOptionsBytes) {
    return Error(Errc::kLimit, "keep.launch: options", octets.size());
  }
  WARD_TRY(const codec::CborValue map, codec::parse_cbor(octets));
  const codec::CborValue* face = map.find("face");
  const codec::CborValue* debug = map.find("debug");
  const codec::CborValue* signature = map.find("signature");
  if (face == nullptr || debug == nullptr || signature == nullptr || map.members().size() != 3) {
    return Error(Errc::kMalformed, "keep.launch: options");
  }
  const auto name = face->as_text();
  const auto flag = debug->as_bool();
  const auto signed_by = signature->as_bytes();
  if (!name || !flag || !signed_by) return Error(Errc::kMalformed, "keep.launch: options");
  LaunchOptions out{.face = std::string(*name), .debug = *flag, .signature = to_buffer(*signed_by)};
  WARD_CHECK_OK(check(out));
  return out;
}

}  // namespace ward::keep
