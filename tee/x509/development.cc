#include "tee/x509/development.h"

#include <algorithm>

namespace ward::x509 {
namespace {

bool is_reserved(Bytes platform_id) {
  return platform_id.size() >= kDevelopmentId.size() &&
         equal(platform_id.first(kDevelopmentId.size()), kDevelopmentId);
}

// marks_of names what says that a platform is none of hardware; empty where nothing does.
std::string marks_of(std::span<const pki::Certificate> chain, Bytes platform_id) {
  const auto marked = std::ranges::find_if(chain, is_marked);
  if (marked != chain.end()) return shown_name(*marked);
  return is_reserved(platform_id) ? "platform " + to_hex(platform_id) : "";
}

}  // namespace

Bytes development_oid() {
  static constexpr std::array<std::uint8_t, 6> kOid = {0x69, 0x87, 0xbb, 0x85, 0xe4, 0x64};
  return kOid;
}

bool is_marked(const pki::Certificate& certificate) {
  return certificate.find(development_oid()) != nullptr ||
         as_text(certificate.der).find(kDevelopmentMark) != std::string_view::npos;
}

std::string shown_name(const pki::Certificate& certificate) {
  std::string out = certificate.subject.common_name();
  if (is_marked(certificate)) out.append(" (").append(kDevelopmentMark).append(")");
  return out;
}

Judged judge_mark(std::span<const pki::Certificate> chain, Bytes platform_id,
                  const attest::Anchor* anchor) {
  std::string marks = marks_of(chain, platform_id);
  const bool of_hardware = anchor != nullptr && !anchor->development;
  const bool passed = marks.empty() || !of_hardware;
  return {passed,
          marks.empty() ? "none" : std::move(marks),
          {of_hardware ? "no mark under a root of hardware" : "a mark under no root of hardware"}};
}

}  // namespace ward::x509
