#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "tee/tcg/efi_text.h"
#include "tee/tcg/event_log.h"

// What the data of an event says (PFP 1.06, section 10.4). Whether it may be believed is another
// question: see coverage.h.
namespace ward::tcg {

// Separator is EV_SEPARATOR: 0 or 0xFFFFFFFF where firmware hands over, 1 after an error.
struct Separator {
  std::uint32_t value = 0;
};

// StartupLocality says from which locality the TPM was started, which PCR 0 begins with.
struct StartupLocality {
  std::uint8_t locality = 0;
};

// Notice is another EV_NO_ACTION, by its signature: "SP800-155 Event3", "Spec ID Event03".
struct Notice {
  std::string signature;
};

// Variable is UEFI_VARIABLE_DATA: a UEFI variable as it was when it was measured.
struct Variable {
  Guid name_guid{};
  std::string name;
  Bytes value;
};

// Image is UEFI_IMAGE_LOAD_EVENT: a program or driver that was loaded. The digest is that of the
// PE image as Authenticode takes it.
struct Image {
  std::uint64_t location = 0;  // of the image in memory
  std::uint64_t length = 0;
  std::uint64_t link_time_address = 0;
  std::string device_path;  // as UEFI writes it; empty where the firmware logged none
};

// FirmwareBlob is UEFI_PLATFORM_FIRMWARE_BLOB and ..._BLOB2: a piece of firmware. The digest is
// that of the piece.
struct FirmwareBlob {
  std::string description;  // BLOB2 only: OVMF writes "Fv(<GUID>)"
  std::uint64_t base = 0;
  std::uint64_t length = 0;
};

// HandoffTables is UEFI_HANDOFF_TABLE_POINTERS and ..._POINTERS2: tables that firmware hands over
// (ACPI, SMBIOS, TD HOB). The digest is that of the tables.
struct HandoffTables {
  struct Table {
    Guid vendor{};
    std::uint64_t address = 0;
  };

  std::string description;  // POINTERS2 only
  std::vector<Table> tables;
};

// Disk is UEFI_GPT_DATA: a partition table.
struct Disk {
  struct Partition {
    Guid type{};
    Guid unique{};
    std::uint64_t first_block = 0;
    std::uint64_t last_block = 0;
    std::uint64_t attributes = 0;
    std::string name;
  };

  Guid guid{};
  std::vector<Partition> partitions;
};

// Tagged is TCG_PCClientTaggedEvent, as Linux, systemd and others write it.
struct Tagged {
  std::uint32_t id = 0;
  Bytes data;
  std::string text;  // of the data; empty where it is none
};

// What a text of a boot loader stands for.
enum class TextKind : std::uint8_t {
  kPlain,              // a version, an action, a name
  kGrubCommand,        // GRUB: a command that its script ran
  kKernelCommandLine,  // GRUB
  kModuleCommandLine,  // GRUB: of a module of a multiboot kernel
  kFile,               // GRUB: the path of a file, whose content is what was hashed
};

// Text is data that is a text.
struct Text {
  TextKind kind = TextKind::kPlain;
  std::string text;
  std::size_t begin = 0;  // where the text begins in the data, behind a prefix
  std::size_t size = 0;   // octets of the data that are the text
};

// Opaque is data of which ward knows no inside.
struct Opaque {};

// Malformed is data that is not what its type demands.
struct Malformed {
  Error error;
};

using EventData = std::variant<Opaque, Malformed, Separator, StartupLocality, Notice, Variable,
                               Image, FirmwareBlob, HandoffTables, Disk, Tagged, Text>;

// decode_event reads the event's data. The result borrows it. `uintn_size` is the log's: only 2
// (64-bit platforms) is read, other than in EV_EFI_VARIABLE_* events, which do not depend on it.
[[nodiscard]] EventData decode_event(const Event& event, std::uint8_t uintn_size);

}  // namespace ward::tcg
