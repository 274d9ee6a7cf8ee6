#include "base/fuzz.h"
#include "base/reader.h"
#include "tee/tcg/coverage.h"
#include "tee/tcg/device_path.h"
#include "tee/tcg/event_data.h"

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

}  // namespace

// The first four octets are the event's type, the fifth is the size of UINTN, the rest is the data.
// Properties: what is read as text is plain; a text lies within the data; the octets that a digest
// is said to cover have that digest.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::tcg;  // NOLINT(google-build-using-namespace): a program of one function
  ward::Reader r(ward::Bytes(data, size));
  Event event;
  std::uint8_t uintn_size = 0;
  if (!r.u32le(event.type) || !r.u8(uintn_size)) return 0;
  event.data = r.rest();
  const EventData decoded = decode_event(event, uintn_size);
  if (const auto* text = std::get_if<Text>(&decoded)) {
    require(is_plain(text->text) && text->begin + text->size <= event.data.size());
  }
  if (const auto* variable = std::get_if<Variable>(&decoded)) require(is_plain(variable->name));
  if (const auto path = device_path_text(event.data)) require(is_plain(*path));
  for (std::size_t cut = 0; cut < 3 && cut <= event.data.size(); ++cut) {
    const ward::Buffer hash = digest(Algorithm::kSha256, event.data.first(event.data.size() - cut));
    const Covered covered = covered_by(event, Algorithm::kSha256, hash);
    if (covered.coverage == Coverage::kPart) {
      require(ward::equal(digest(Algorithm::kSha256, covered.octets), hash));
    }
  }
  return 0;
}
