#include "tee/tcg/coverage.h"

#include <cstdlib>

#include "tee/tcg/event_data.h"
#include "tee/tcg/event_type.h"

namespace ward::tcg {
namespace {

// must_hash_data is true for the types whose data PFP 1.06 says is what is hashed, and which are
// written so in practice.
bool must_hash_data(std::uint32_t type) {
  switch (type) {
    case event_type::kSeparator:
    case event_type::kCrtmVersion:
    case event_type::kOmitBootDeviceEvents:
    case event_type::kEfiVariableDriverConfig:
    case event_type::kEfiVariableBoot:
    case event_type::kEfiVariableBoot2:
    case event_type::kEfiVariableAuthority:
    case event_type::kEfiAction:
    case event_type::kEfiGptEvent:
      return true;
    default:
      return false;
  }
}

class Candidates {
 public:
  Candidates(const Event& event, Algorithm algorithm, Bytes wanted)
      : event_(event), algorithm_(algorithm), wanted_(wanted) {}

  [[nodiscard]] bool matches(Bytes octets) const {
    return equal(digest(algorithm_, octets), wanted_);
  }

  // The part of the data that matches; empty where none does.
  [[nodiscard]] Bytes part() const {
    switch (event_.type) {
      case event_type::kEfiVariableBoot:
        return variable_value();
      case event_type::kEfiVariableAuthority:
        return if_matching(event_.data.first(event_.data.empty() ? 0 : event_.data.size() - 1));
      case event_type::kEventTag:
        return tagged_data();
      case event_type::kIpl:
      case event_type::kAction:
      case event_type::kEfiAction:
        return text();
      default:
        return {};
    }
  }

  // Old systemd-boot cuts the last octet of its text's end off the log, but hashes it.
  [[nodiscard]] bool matches_with_end() const {
    if (event_.type != event_type::kIpl) return false;
    Buffer longer = to_buffer(event_.data);
    longer.push_back(0);
    return matches(longer);
  }

 private:
  [[nodiscard]] Bytes if_matching(Bytes octets) const {
    return !octets.empty() && matches(octets) ? octets : Bytes{};
  }

  [[nodiscard]] Bytes without_end(std::size_t count) const {
    const Bytes data = event_.data;
    if (data.size() <= count || !all_zero(data.last(count))) return {};
    return if_matching(data.first(data.size() - count));
  }

  [[nodiscard]] Bytes variable_value() const {
    const EventData decoded = decode_event(event_, 2);
    const auto* variable = std::get_if<Variable>(&decoded);
    return variable != nullptr ? if_matching(variable->value) : Bytes{};
  }

  [[nodiscard]] Bytes tagged_data() const {
    const EventData decoded = decode_event(event_, 2);
    const auto* tagged = std::get_if<Tagged>(&decoded);
    return tagged != nullptr ? if_matching(tagged->data) : Bytes{};
  }

  [[nodiscard]] Bytes text() const {
    const EventData decoded = decode_event(event_, 2);
    const auto* found = std::get_if<Text>(&decoded);
    if (found != nullptr && found->begin != 0) {
      // GRUB 2.06 hashes the text alone; Red Hat's older patches, its NUL or all that follows too.
      const Bytes behind = event_.data.subspan(found->begin);
      for (const std::size_t size : {found->size, found->size + 1, behind.size()}) {
        if (size > behind.size()) continue;
        const Bytes match = if_matching(behind.first(size));
        if (!match.empty()) return match;
      }
      return {};
    }
    const Bytes one = without_end(1);
    return one.empty() ? without_end(2) : one;
  }

  const Event& event_;
  Algorithm algorithm_;
  Bytes wanted_;
};

}  // namespace

const char* to_text(Coverage coverage) {
  switch (coverage) {
    case Coverage::kWhole:
      return "whole";
    case Coverage::kPart:
      return "part";
    case Coverage::kDescription:
      return "description";
    case Coverage::kMismatch:
      return "mismatch";
    case Coverage::kNotExtended:
      return "not extended";
  }
  std::abort();
}

Covered covered_by(const Event& event, Algorithm algorithm, Bytes digest) {
  if (event.type == event_type::kNoAction) return {Coverage::kNotExtended, {}};
  const Candidates candidates(event, algorithm, digest);
  if (candidates.matches(event.data) || candidates.matches_with_end()) {
    return {Coverage::kWhole, event.data};
  }
  const Bytes part = candidates.part();
  if (!part.empty()) return {Coverage::kPart, part};
  return {must_hash_data(event.type) ? Coverage::kMismatch : Coverage::kDescription, {}};
}

}  // namespace ward::tcg
