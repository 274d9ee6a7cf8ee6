#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "tee/tcg/algorithm.h"

// Event logs of measured boot: TCG PC Client Platform Firmware Profile 1.06 (PFP), section 10, as
// TPMs have them, and as confidential computing event log (UEFI 2.10, section 38.4; the area that
// the ACPI table CCEL names). A log proves nothing by itself: see replay.h.
namespace ward::tcg {

// Limits, each tested at its value and one above. With them, parsing takes time linear in the size
// and at most kMaxEvents * sizeof(Event) octets of memory, 4 MiB.
inline constexpr std::size_t kMaxLogSize = 4U << 20U;    // octets
inline constexpr std::size_t kMaxEvents = 1U << 16U;     // the header included
inline constexpr std::size_t kMaxEventSize = 1U << 20U;  // octets of one event's data
inline constexpr std::size_t kMaxAlgorithms = 8;
inline constexpr std::size_t kMaxDigestSize = 64;  // octets; of algorithms that ward cannot compute

// Form is how the events are laid out.
enum class Form : std::uint8_t {
  kCryptoAgile,  // a TCG_PCR_EVENT that holds "Spec ID Event03", then TCG_PCR_EVENT2
  kSha1,         // TCG_PCR_EVENT throughout, one SHA-1 digest each; a Spec ID event is optional
};

// AlgorithmSize is TCG_EfiSpecIdEventAlgorithmSize.
struct AlgorithmSize {
  std::uint16_t id = 0;    // TPM_ALG_ID
  std::uint16_t size = 0;  // octets of its digests

  friend bool operator==(const AlgorithmSize&, const AlgorithmSize&) = default;
};

// SpecId is TCG_EfiSpecIdEvent (PFP 10.4.5.1), which heads a crypto-agile log.
struct SpecId {
  std::uint32_t register_index = 0;  // PFP says 0; UEFI's confidential computing logs have 1
  std::uint32_t platform_class = 0;
  std::uint8_t version_minor = 0;
  std::uint8_t version_major = 2;
  std::uint8_t errata = 0;
  std::uint8_t uintn_size = 2;  // of the platform's UINTN, in units of four octets
  std::vector<AlgorithmSize> algorithms;
  Buffer vendor_info;

  friend bool operator==(const SpecId&, const SpecId&) = default;
};

// Event views one entry.
struct Event {
  std::size_t offset = 0;            // of the entry in the log
  std::size_t size = 0;              // of the entry, in octets
  std::uint32_t register_index = 0;  // as written: PCR, or index of a measurement register
  std::uint32_t type = 0;
  Bytes digests;  // as written; EventLog::digest finds one
  Bytes data;
};

// DigestView is one digest of an event.
struct DigestView {
  std::uint16_t algorithm = 0;  // TPM_ALG_ID
  Bytes value;
};

// EventLog views a log. Borrows the buffer given to parse_event_log. Nothing in it is
// authenticated.
struct EventLog {
  Bytes raw;
  Form form = Form::kCryptoAgile;
  SpecId spec;                // kSha1: the one algorithm, everything else unset
  std::vector<Event> events;  // kCryptoAgile: the first is the header
  std::size_t padding = 0;    // octets behind the last event

  // digests_of lists the event's digests as they stand.
  [[nodiscard]] std::vector<DigestView> digests_of(const Event& event) const;

  // digest is the event's digest of that algorithm; nullopt where it has none.
  [[nodiscard]] std::optional<Bytes> digest(const Event& event, Algorithm algorithm) const;

  // has is true where the log names the algorithm.
  [[nodiscard]] bool has(Algorithm algorithm) const;
};

// parse_event_log reads a whole log. Behind the last event, padding is accepted: octets 0xFF to
// the end, or at least eight octets of zero, and nothing else. Form only. kTruncated: the log ends
// within an event. kMalformed: something violates the format; the value is the offset. kLimit: a
// limit above. kUnsupported: the first event is an EV_NO_ACTION that is no known Spec ID event.
[[nodiscard]] Result<EventLog> parse_event_log(Bytes in);

// is_event_log is true for what begins like a log that names its form, whole or cut; and for a log
// that does not, where all of it parses.
[[nodiscard]] bool is_event_log(Bytes in);

// DigestParts is one digest to write.
struct DigestParts {
  std::uint16_t algorithm = 0;  // TPM_ALG_ID
  Buffer value;
};

// EventParts is one event to write.
struct EventParts {
  std::uint32_t register_index = 0;
  std::uint32_t type = 0;
  std::vector<DigestParts> digests;
  Buffer data;
};

// LogParts is what a log is written from.
struct LogParts {
  Form form = Form::kCryptoAgile;
  SpecId spec;                     // kCryptoAgile: written first
  std::vector<EventParts> events;  // without the header of kCryptoAgile
  std::size_t padding = 0;
  std::uint8_t padding_octet = 0xff;
};

// write_event_log is the inverse of parse_event_log. It writes what it is given, right or wrong.
[[nodiscard]] Buffer write_event_log(const LogParts& parts);

// to_parts copies a log apart: write_event_log(to_parts(log)) gives log.raw.
[[nodiscard]] LogParts to_parts(const EventLog& log);

// measured makes an event whose digests, one of each algorithm, are those of `hashed`; `data` is
// what the log says of it.
[[nodiscard]] EventParts measured(std::uint32_t register_index, std::uint32_t type, Bytes hashed,
                                  Bytes data, std::span<const Algorithm> algorithms);

}  // namespace ward::tcg
