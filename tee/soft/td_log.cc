#include "tee/soft/td_log.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/writer.h"
#include "codec/cbor.h"
#include "codec/json_write.h"
#include "crypto/digest.h"
#include "tee/tcg/event_type.h"

namespace ward::soft {
namespace {

using codec::CborValue;

constexpr std::array kBank = {tcg::Algorithm::kSha384};
constexpr std::string_view kPlatform = "ward software TEE, TDX face, 1";
constexpr std::size_t kMaxMembers = 64;       // of the measured form
constexpr std::size_t kMaxMemberText = 1024;  // octets; a longer one is measured, not listed
constexpr std::uint32_t kTagOfLauncher = 0x64726177;  // "ward", low octet first
constexpr std::uint32_t kTagOfRunTime = 0x6d747277;   // "wrtm"

// The measured form of a keep is no longer than the launcher allows.
constexpr codec::CborLimits kLimits{
    .max_bytes = std::size_t{32} << 20U, .max_depth = 16, .max_items = 200'000};

// NOLINTBEGIN(misc-no-recursion): at most kLimits.max_depth levels
// write_json writes the value as JSON; byte strings in hex.
void write_json(const CborValue& v, codec::JsonWriter& w) {
  switch (v.kind()) {
    case CborValue::Kind::kUint:
      w.unsigned_integer(*v.as_uint());
      return;
    case CborValue::Kind::kNegative:
      w.integer(*v.as_int());
      return;
    case CborValue::Kind::kBytes:
      w.string(to_hex(*v.as_bytes()));
      return;
    case CborValue::Kind::kText:
      w.string(*v.as_text());
      return;
    case CborValue::Kind::kBool:
      w.boolean(*v.as_bool());
      return;
    case CborValue::Kind::kNull:
    case CborValue::Kind::kTag:  // is_plain has none
      w.null();
      return;
    case CborValue::Kind::kArray:
      w.begin_array();
      for (const CborValue& item : v.items()) {
        write_json(item, w);
      }
      w.end_array();
      return;
    case CborValue::Kind::kMap:
      w.begin_object();
      for (const auto& [key, value] : v.members()) {
        w.name(*key.as_text());
        write_json(value, w);
      }
      w.end_object();
      return;
  }
}

// is_plain is true where write_json loses nothing: map keys are texts, numbers fit, no tags.
bool is_plain(const CborValue& v) {
  const auto is_member_plain = [](const CborValue::Member& m) {
    return m.first.as_text().has_value() && is_plain(m.second);
  };
  const bool fits = v.kind() != CborValue::Kind::kNegative || v.as_int().has_value();
  return fits && v.kind() != CborValue::Kind::kTag && std::ranges::all_of(v.items(), is_plain) &&
         std::ranges::all_of(v.members(), is_member_plain);
}

// NOLINTEND(misc-no-recursion)

Result<std::string> text_of(std::string_view name, const CborValue& value) {
  codec::JsonWriter w;
  write_json(value, w);
  WARD_TRY(const std::string json, w.take());
  return std::string(name) + " " + json;
}

// TCG_PCClientTaggedEvent.
Buffer tagged(std::uint32_t id, Bytes data) {
  Writer w;
  w.u32le(id);
  w.u32le(static_cast<std::uint32_t>(data.size()));
  w.bytes(data);
  return w.take();
}

// event says what was hashed by `shown`, which is it itself or names it. A register's index in the
// log is its number and one more.
tcg::EventParts event(unsigned index, std::uint32_t tag, Bytes hashed, Bytes shown) {
  return tcg::measured(index + 1, tcg::event_type::kEventTag, hashed, tagged(tag, shown), kBank);
}

bool is_file_list(std::string_view name) { return name == "files" || name == "links"; }

}  // namespace

TdLog::TdLog() {
  parts_.spec.register_index = 1;
  parts_.spec.algorithms = {{static_cast<std::uint16_t>(kBank[0]), 48}};
}

void TdLog::measure(unsigned index, tcg::EventParts event) {
  auto& reg = registers_.at(index);
  reg = crypto::sha384(concat({reg, event.digests.front().value}));
  parts_.events.push_back(std::move(event));
}

void TdLog::measure_text(unsigned index, std::string_view text) {
  std::string_view shown = text;
  if (text.size() > kMaxMemberText) shown = text.substr(0, text.find(' '));
  measure(index, event(index, kTagOfLauncher, as_bytes(text), as_bytes(shown)));
}

Result<TdLog> TdLog::create(Bytes canonical) {
  WARD_TRY(const CborValue top, codec::parse_cbor(canonical, kLimits));
  if (!top.is_map() || !is_plain(top)) {
    return Error(Errc::kMalformed, "soft.launch: not the measured form of a manifest");
  }
  if (top.members().size() > kMaxMembers) {
    return Error(Errc::kLimit, "soft.launch: members of the measured form", top.members().size());
  }
  TdLog out;
  const std::array<std::uint8_t, 4> zero{};
  const tcg::EventParts separator =
      tcg::measured(1, tcg::event_type::kSeparator, zero, zero, kBank);
  out.measure(0, tcg::measured(1, tcg::event_type::kCrtmVersion, as_bytes(kPlatform),
                               as_bytes(kPlatform), kBank));
  out.measure(0, separator);
  std::vector<std::string> files;
  std::size_t octets = 0;
  for (const auto& [key, value] : top.members()) {
    const std::string name(*key.as_text());
    if (!is_file_list(name)) {
      WARD_TRY(const std::string text, text_of(name, value));
      out.measure_text(2, text);
      continue;
    }
    for (const CborValue& item : value.items()) {
      WARD_TRY(files.emplace_back(), text_of(name == "files" ? "file" : "link", item));
      octets += files.back().size();
    }
  }
  const bool listed = files.size() <= kMaxListedFiles && octets <= kMaxListedOctets;
  std::string all;
  for (const std::string& text : files) {
    if (listed) {
      out.measure_text(1, text);
    } else {
      all += text + "\n";
    }
  }
  if (!listed) {
    const std::string shown = std::to_string(files.size()) + " files and links in one digest";
    out.measure(1, event(1, kTagOfLauncher, as_bytes(all), as_bytes(shown)));
  }
  return out;
}

Result<void> TdLog::extend(unsigned index, Bytes event_data) {
  constexpr unsigned kRunTime = 3;
  if (index < kRunTime) {
    return Error(Errc::kDenied, "soft.extend: only RTMR3 is the workload's, not RTMR", index);
  }
  if (index > kRunTime) return Error(Errc::kDenied, "soft.extend: a TD has no RTMR", index);
  if (event_data.empty()) return Error(Errc::kMalformed, "soft.extend: no event");
  if (event_data.size() > kMaxEventData) {
    return Error(Errc::kLimit, "soft.extend: octets of an event, at most", kMaxEventData);
  }
  if (runtime_events_ == kMaxRuntimeEvents) {
    return Error(Errc::kLimit, "soft.extend: events of one keep, at most", kMaxRuntimeEvents);
  }
  ++runtime_events_;
  measure(kRunTime, event(kRunTime, kTagOfRunTime, event_data, event_data));
  return {};
}

}  // namespace ward::soft
