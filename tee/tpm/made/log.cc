#include "tee/tpm/made/log.h"

#include <array>
#include <string>

#include "base/writer.h"
#include "tee/tcg/event_type.h"

namespace ward::tpm::stage {
namespace {

namespace event_type = tcg::event_type;

constexpr std::array kBanks = {tcg::Algorithm::kSha256, tcg::Algorithm::kSha384};
constexpr std::uint32_t kTag = 0x64726177;  // "ward", low octet first

// EFI_GLOBAL_VARIABLE (UEFI 2.10, 3.3), as it stands in UEFI_VARIABLE_DATA.
constexpr std::uint8_t kGlobal[] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                    0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};

// UEFI_VARIABLE_DATA (PFP 10.2.6).
Buffer variable(std::string_view name, Bytes value) {
  Writer w;
  w.bytes(kGlobal);
  w.u64le(name.size());
  w.u64le(value.size());
  for (const char c : name)
    w.u16le(static_cast<std::uint8_t>(c));
  w.bytes(value);
  return w.take();
}

Buffer tagged(std::string_view text) {
  Writer w;
  w.u32le(kTag);
  w.u32le(static_cast<std::uint32_t>(text.size()));
  w.bytes(as_bytes(text));
  return w.take();
}

}  // namespace

tcg::LogParts boot_log() {
  tcg::LogParts out;
  out.spec.algorithms = {{static_cast<std::uint16_t>(kBanks[0]), 32},
                         {static_cast<std::uint16_t>(kBanks[1]), 48}};
  const auto add = [&](std::uint32_t pcr, std::uint32_t type, Bytes hashed, Bytes data) {
    out.events.push_back(tcg::measured(pcr, type, hashed, data, kBanks));
  };
  const auto text = [&](std::uint32_t pcr, std::uint32_t type, const std::string& said) {
    add(pcr, type, as_bytes(said), as_bytes(said));
  };
  const std::uint8_t on = 1;
  const std::array<std::uint8_t, 4> zero{};
  text(0, event_type::kCrtmVersion, "stage firmware 1");
  text(1, event_type::kPlatformConfigFlags, "stage settings");
  text(2, event_type::kEfiAction, "stage option ROM");
  text(3, event_type::kEfiAction, "stage option ROM settings");
  const Buffer secure_boot = variable("SecureBoot", Bytes(&on, 1));
  add(7, event_type::kEfiVariableDriverConfig, secure_boot, secure_boot);
  for (std::uint32_t pcr = 0; pcr < 8; ++pcr)
    add(pcr, event_type::kSeparator, zero, zero);
  text(4, event_type::kEfiAction, "Calling EFI Application from Boot Option");
  text(5, event_type::kEfiAction, "Exit Boot Services Invocation");
  text(6, event_type::kEfiAction, "stage wake");
  for (const std::uint32_t pcr : {8U, 9U, 11U, 12U, 14U, 15U}) {
    const std::string said = "stage event of PCR " + std::to_string(pcr);
    add(pcr, event_type::kEventTag, as_bytes(said), tagged(said));
  }
  return out;
}

}  // namespace ward::tpm::stage
