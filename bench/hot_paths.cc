#include "bench/hot_paths.h"

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "codec/json.h"
#include "crypto/digest.h"

namespace ward::bench {
namespace {

// A document of the shape and size of an Intel TCB info (16 levels of 16 components).
std::string tcb_document() {
  std::string out = R"({"tcbInfo":{"id":"SGX","version":3,"fmspc":"00606a000000","tcbLevels":[)";
  for (int level = 0; level < 16; ++level) {
    out += level == 0 ? R"({"tcb":{"sgxtcbcomponents":[)" : R"(,{"tcb":{"sgxtcbcomponents":[)";
    for (int component = 0; component < 16; ++component) {
      out += component == 0 ? R"({"svn":)" : R"(,{"svn":)";
      out += std::to_string((level * 7 + component * 3) % 20) + R"(,"category":"BIOS"})";
    }
    out += R"(],"pcesvn":)" + std::to_string(13 - level / 2);
    out += R"(},"tcbDate":"2023-08-09T00:00:00Z","tcbStatus":"SWHardeningNeeded",)";
    out += R"("advisoryIDs":["INTEL-SA-00615","INTEL-SA-00657"]})";
  }
  return out + R"(]},"signature":"00"})";
}

HotPath json_parse() {
  auto text = std::make_shared<const std::string>(tcb_document());
  return {"json.parse", text->size(),
          [text] { return codec::parse_json(as_bytes(*text)).has_value(); }};
}

HotPath sha256_64k() {
  auto data = std::make_shared<const Buffer>(65536, std::uint8_t{0x5a});
  return {"crypto.sha256", data->size(), [data] { return crypto::sha256(*data)[0] != 0; }};
}

HotPath hex_64k() {
  auto data = std::make_shared<const Buffer>(65536, std::uint8_t{0x5a});
  return {"base.hex", data->size(), [data] { return to_hex(*data).size() == 131072; }};
}

HotPath time_parse() {
  constexpr std::string_view kText = "2024-02-29T23:59:59Z";
  return {"base.rfc3339", kText.size(), [] { return parse_rfc3339(kText).has_value(); }};
}

}  // namespace

std::vector<HotPath> hot_paths() { return {time_parse(), hex_64k(), json_parse(), sha256_64k()}; }

}  // namespace ward::bench
