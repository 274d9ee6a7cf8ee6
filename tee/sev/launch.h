#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

// What QEMU and OVMF put into a guest of SEV's first generation: what its launch digest covers, and
// the table of secrets that it reads (QEMU docs/specs/sev-guest-firmware.rst, target/i386/sev.c).
namespace ward::sev {

using Guid = std::array<std::uint8_t, 16>;  // as it lies in memory

// parse_guid reads "736869e5-84f0-4973-92ec-06879ce3da0b"; nullopt for anything else.
[[nodiscard]] std::optional<Guid> parse_guid(std::string_view text);

// KernelHashes are what QEMU measures of a kernel that it starts itself (-kernel,
// kernel-hashes=on).
struct KernelHashes {
  crypto::Sha256Digest kernel{};
  crypto::Sha256Digest initrd{};   // of no octets where there is none
  crypto::Sha256Digest cmdline{};  // of the command line and a zero octet
};

// write_kernel_hashes writes the table that QEMU puts into the guest and measures: 176 octets.
[[nodiscard]] Buffer write_kernel_hashes(const KernelHashes& hashes);

[[nodiscard]] crypto::Sha256Digest cmdline_hash(std::string_view cmdline);

// takes_kernel_hashes is true where a firmware image (OVMF) has a place for that table: without one
// QEMU refuses to start, and firmware that ignored the table would start any kernel.
[[nodiscard]] bool takes_kernel_hashes(Bytes firmware);

// reset_eip is where OVMF has the processors of SEV-ES begin that are not the first; nullopt where
// the image does not say.
[[nodiscard]] std::optional<std::uint32_t> reset_eip(Bytes firmware);

// vmsa_pages are the pages that QEMU and KVM measure of SEV-ES, one for each virtual processor: the
// registers as a processor begins (AMD64 Architecture Programmer's Manual, volume 2, table B-4).
// `signature` is the virtual processor's CPUID signature, family, model and stepping (function 1,
// EAX). kMalformed for no processor; kUnsupported for more than one where the image names no
// reset_eip; kLimit above kMaxProcessors.
inline constexpr std::size_t kVmsaSize = 4096;
inline constexpr std::size_t kMaxProcessors = 512;
[[nodiscard]] Result<std::vector<Buffer>> vmsa_pages(Bytes firmware, std::size_t processors,
                                                     std::uint32_t signature);

// launch_digest is the SHA-256 over everything that is measured, in order: the firmware image, the
// table of hashes where there is one, then of SEV-ES each virtual processor's VMSA page.
[[nodiscard]] crypto::Sha256Digest launch_digest(Bytes firmware,
                                                 const std::optional<KernelHashes>& hashes,
                                                 const std::vector<Buffer>& vmsa_pages);

// SecretEntry is one secret under its GUID.
struct SecretEntry {
  Guid guid{};
  SecretBytes data;
};

// secret_table writes the table of secrets as the guest's firmware and its kernel module efi_secret
// read it, filled with zeros to a multiple of 16 octets. kMalformed for no entries, or a GUID
// twice; kLimit where it is longer than one packet may be.
[[nodiscard]] Result<SecretBytes> secret_table(const std::vector<SecretEntry>& entries);

}  // namespace ward::sev
