#include "tee/tcg/replay.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "tee/tcg/event_data.h"
#include "tee/tcg/event_type.h"

namespace ward::tcg {
namespace {

constexpr std::size_t kRegisters = kMaxPcr + 1;

// PCRs that only a dynamic launch resets: all ones until then.
constexpr std::uint32_t kFirstDynamic = 17;
constexpr std::uint32_t kLastDynamic = 22;

// How many PCRs, each with a separator of its own, an RTMR stands for: RTMR 0 for PCR 0 (which
// some firmware maps so), 1 and 7, RTMR 1 for PCR 2 to 6.
constexpr std::array<std::size_t, kMaxRtmr + 1> kSharers = {3, 5, 1, 1};

struct State {
  const EventLog& log;
  Replay out;
  SeparatorDigests separator_digests;
  std::array<std::optional<Replayed>, kRegisters> registers{};
  std::array<std::size_t, kRegisters> separators{};
  bool has_locality = false;
};

void remark(State& state, Anomaly anomaly, std::size_t event) {
  state.out.remarks.push_back({anomaly, event});
}

void read_locality(State& state, std::size_t number) {
  if (state.out.kind != Registers::kPcr) return;
  const EventData data = decode_event(state.log.events[number], state.log.spec.uintn_size);
  const auto* startup = std::get_if<StartupLocality>(&data);
  if (startup == nullptr) return;
  if (state.has_locality) return remark(state, Anomaly::kLocalityRepeated, number);
  if (state.registers[0]) return remark(state, Anomaly::kLocalityLate, number);
  if (startup->locality != 0 && startup->locality != 3 && startup->locality != 4) {
    return remark(state, Anomaly::kLocalityValue, number);
  }
  state.has_locality = true;
  state.out.locality = startup->locality;
}

// Whether the register belongs to the firmware: PCR 0 to 7, RTMR 0 and 1.
bool of_firmware(Registers registers, std::uint32_t number) {
  return number <= (registers == Registers::kPcr ? 7U : 1U);
}

void check_separator(State& state, std::size_t number, std::uint32_t reg, Bytes digest) {
  const std::size_t count = ++state.separators[reg];
  const std::size_t allowed = state.out.kind == Registers::kRtmr ? kSharers[reg] : 1;
  if (count > allowed) {
    remark(state, Anomaly::kSeparatorRepeated, number);
  } else if (count > 1) {
    remark(state, Anomaly::kSeparatorShared, number);
  }
  const Event& event = state.log.events[number];
  const EventData data = decode_event(event, state.log.spec.uintn_size);
  const auto* separator = std::get_if<Separator>(&data);
  if (separator != nullptr && separator->value == 1) {
    remark(state, Anomaly::kSeparatorError, number);
  } else if (of_firmware(state.out.kind, reg) &&
             (separator == nullptr || (separator->value != 0 && separator->value != 0xffffffff))) {
    remark(state, Anomaly::kSeparatorValue, number);
  }
  if (!equal(tcg::digest(state.out.algorithm, event.data), digest)) {
    remark(state, Anomaly::kSeparatorDigest, number);
  }
}

Result<void> extend(State& state, std::size_t number) {
  const Event& event = state.log.events[number];
  if (state.out.kind == Registers::kRtmr && event.register_index == 0) {
    remark(state, Anomaly::kBuildExtended, number);
    return {};
  }
  const auto reg = register_number(state.out.kind, event.register_index);
  if (!reg) return Error(Errc::kMalformed, "tcg.replay: register index of event", number);
  const auto digest = state.log.digest(event, state.out.algorithm);
  if (!digest) return Error(Errc::kMalformed, "tcg.replay: no such digest in event", number);
  if (event.type == event_type::kSeparator) {
    check_separator(state, number, *reg, *digest);
  } else if (state.separator_digests.contains(*digest)) {
    remark(state, Anomaly::kSeparatorHidden, number);
  }
  auto& entry = state.registers[*reg];
  if (!entry) entry = Replayed{.number = *reg, .value = state.out.initial(*reg)};
  entry->value = tcg::digest(state.out.algorithm, concat({entry->value, *digest}));
  ++entry->events;
  return {};
}

Outcome outcome_of(const Replayed* replayed, Bytes expected, Bytes initial) {
  if (replayed != nullptr) {
    return equal(replayed->value, expected) ? Outcome::kMatches : Outcome::kDiffers;
  }
  return equal(initial, expected) ? Outcome::kUntouched : Outcome::kNotLogged;
}

}  // namespace

std::optional<std::uint32_t> register_number(Registers registers, std::uint32_t index) {
  switch (registers) {
    case Registers::kPcr:
      if (index <= kMaxPcr) return index;
      return std::nullopt;
    case Registers::kRtmr:
      if (index >= 1 && index <= kMaxRtmr + 1) return index - 1;
      return std::nullopt;
  }
  std::abort();
}

Registers guess_registers(const EventLog& log) {
  if (log.spec.algorithms.size() != 1 || !log.has(Algorithm::kSha384)) return Registers::kPcr;
  const bool fits = std::ranges::all_of(log.events, [](const Event& event) {
    return event.type == event_type::kNoAction || event.register_index <= kMaxRtmr + 1;
  });
  return fits ? Registers::kRtmr : Registers::kPcr;
}

std::optional<Registers> sure_registers(const EventLog& log) {
  bool zero = false;
  bool low = false;
  bool high = false;
  for (const Event& event : log.events) {
    if (event.type == event_type::kNoAction) continue;
    zero = zero || event.register_index == 0;
    low = low || (event.register_index >= 1 && event.register_index <= kMaxRtmr + 1);
    high = high || event.register_index > kMaxRtmr + 1;
  }
  if (low && !zero && !high) return Registers::kRtmr;
  const bool of_ccel = log.spec.register_index == 1;
  return zero && high && !of_ccel ? std::optional(Registers::kPcr) : std::nullopt;
}

const char* to_text(Anomaly anomaly) {
  switch (anomaly) {
    case Anomaly::kSeparatorRepeated:
      return "separator repeated";
    case Anomaly::kSeparatorShared:
      return "separator of another PCR of the same RTMR";
    case Anomaly::kSeparatorValue:
      return "separator with an unknown value";
    case Anomaly::kSeparatorError:
      return "separator that reports an error of the firmware";
    case Anomaly::kSeparatorDigest:
      return "separator whose digest is not that of its value";
    case Anomaly::kSeparatorHidden:
      return "digest of a separator under another type";
    case Anomaly::kLocalityRepeated:
      return "startup locality repeated";
    case Anomaly::kLocalityLate:
      return "startup locality behind an event of PCR 0";
    case Anomaly::kLocalityValue:
      return "startup locality with an unknown value";
    case Anomaly::kBuildExtended:
      return "event that claims to extend the measurement of the TD's build";
  }
  std::abort();
}

SeparatorDigests::SeparatorDigests(Algorithm algorithm) {
  static constexpr std::array<std::array<std::uint8_t, 4>, 3> kValues = {
      {{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {1, 0, 0, 0}}};
  for (std::size_t i = 0; i < kValues.size(); ++i) {
    digests_[i] = digest(algorithm, kValues[i]);
  }
}

bool SeparatorDigests::contains(Bytes digest) const {
  return std::ranges::any_of(digests_, [digest](const Buffer& d) { return equal(d, digest); });
}

bool is_fault(Anomaly anomaly) {
  return anomaly != Anomaly::kSeparatorShared && anomaly != Anomaly::kSeparatorHidden;
}

const char* to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kMatches:
      return "matches";
    case Outcome::kDiffers:
      return "differs";
    case Outcome::kUntouched:
      return "untouched";
    case Outcome::kNotLogged:
      return "not logged";
  }
  std::abort();
}

Buffer Replay::initial(std::uint32_t number) const {
  const bool dynamic = kind == Registers::kPcr && number >= kFirstDynamic && number <= kLastDynamic;
  Buffer out(digest_size(algorithm), dynamic ? 0xff : 0);
  if (kind == Registers::kPcr && number == 0) out.back() = locality;
  return out;
}

Result<Replay> replay(const EventLog& log, Registers registers, Algorithm algorithm) {
  if (!log.has(algorithm)) {
    return Error(Errc::kUnsupported, "tcg.replay: the log has no digests of algorithm",
                 static_cast<std::uint16_t>(algorithm));
  }
  State state{.log = log,
              .out = {.kind = registers, .algorithm = algorithm},
              .separator_digests = SeparatorDigests(algorithm)};
  for (std::size_t i = 0; i < log.events.size(); ++i) {
    if (log.events[i].type == event_type::kNoAction) {
      read_locality(state, i);
    } else {
      WARD_CHECK_OK(extend(state, i));
    }
  }
  for (auto& entry : state.registers) {
    if (entry) state.out.registers.push_back(*std::move(entry));
  }
  return std::move(state.out);
}

std::vector<Comparison> compare(const Replay& replay, std::span<const ExpectedRegister> expected) {
  std::vector<Comparison> out;
  for (const ExpectedRegister& wanted : expected) {
    const auto it = std::ranges::find(replay.registers, wanted.number, &Replayed::number);
    const Replayed* replayed = it == replay.registers.end() ? nullptr : &*it;
    const Buffer initial = replay.initial(wanted.number);
    out.push_back({.number = wanted.number,
                   .outcome = outcome_of(replayed, wanted.value, initial),
                   .events = replayed != nullptr ? replayed->events : 0,
                   .expected = to_buffer(wanted.value),
                   .replayed = replayed != nullptr ? replayed->value : initial});
  }
  return out;
}

}  // namespace ward::tcg
