#pragma once

#include <cstdint>

namespace ward::tcg {

// Event types of the TCG PC Client Platform Firmware Profile 1.06, table 27 ("Events"). The set is
// open: firmware and operating systems use others.
namespace event_type {
inline constexpr std::uint32_t kPostCode = 0x01;
inline constexpr std::uint32_t kNoAction = 0x03;  // extends nothing
inline constexpr std::uint32_t kSeparator = 0x04;
inline constexpr std::uint32_t kAction = 0x05;
inline constexpr std::uint32_t kEventTag = 0x06;
inline constexpr std::uint32_t kCrtmContents = 0x07;
inline constexpr std::uint32_t kCrtmVersion = 0x08;
inline constexpr std::uint32_t kPlatformConfigFlags = 0x0a;
inline constexpr std::uint32_t kIpl = 0x0d;
inline constexpr std::uint32_t kNonhostInfo = 0x11;
inline constexpr std::uint32_t kOmitBootDeviceEvents = 0x12;
inline constexpr std::uint32_t kPostCode2 = 0x13;
inline constexpr std::uint32_t kEfiVariableDriverConfig = 0x80000001;
inline constexpr std::uint32_t kEfiVariableBoot = 0x80000002;
inline constexpr std::uint32_t kEfiBootServicesApplication = 0x80000003;
inline constexpr std::uint32_t kEfiBootServicesDriver = 0x80000004;
inline constexpr std::uint32_t kEfiRuntimeServicesDriver = 0x80000005;
inline constexpr std::uint32_t kEfiGptEvent = 0x80000006;
inline constexpr std::uint32_t kEfiAction = 0x80000007;
inline constexpr std::uint32_t kEfiPlatformFirmwareBlob = 0x80000008;
inline constexpr std::uint32_t kEfiHandoffTables = 0x80000009;
inline constexpr std::uint32_t kEfiPlatformFirmwareBlob2 = 0x8000000a;
inline constexpr std::uint32_t kEfiHandoffTables2 = 0x8000000b;
inline constexpr std::uint32_t kEfiVariableBoot2 = 0x8000000c;
inline constexpr std::uint32_t kEfiGptEvent2 = 0x8000000d;
inline constexpr std::uint32_t kEfiHcrtmEvent = 0x80000010;
inline constexpr std::uint32_t kEfiVariableAuthority = 0x800000e0;
}  // namespace event_type

// event_type_name is the profile's name, "EV_SEPARATOR"; nullptr for a type that it does not list.
[[nodiscard]] const char* event_type_name(std::uint32_t type);

}  // namespace ward::tcg
