#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/result.h"
#include "base/time.h"
#include "tee/dcap/tcb_status.h"

namespace ward::dcap {

// Limits on Intel's JSON documents; real ones have about 20 levels and 10 advisories.
inline constexpr std::size_t kMaxTcbDocument = 1U << 20U;
inline constexpr std::size_t kMaxTcbLevels = 256;
inline constexpr std::size_t kMaxAdvisories = 256;
inline constexpr std::size_t kMaxTdxModules = 64;

// TcbLevel of a TCB info (Intel PCS API v4, TCB info v2 and v3).
struct TcbLevel {
  std::array<std::uint8_t, 16> sgx_components{};
  std::array<std::uint8_t, 16> tdx_components{};  // of a TDX TCB info
  std::uint16_t pce_svn = 0;
  UnixTime tcb_date;
  TcbStatus status = TcbStatus::kRevoked;
  std::vector<std::string> advisory_ids;
};

// SignedDocument is what both signed documents share.
struct SignedDocument {
  Buffer body;  // the octets that are signed: the inner object exactly as it was sent
  std::array<std::uint8_t, 64> signature{};  // r || s, ECDSA P-256 with SHA-256
  std::string id;                            // "SGX", "TDX"; "QE", "TD_QE", "QVE"
  std::uint32_t version = 0;
  UnixTime issue_date;
  UnixTime next_update;
  std::uint64_t evaluation_number = 0;
};

// SvnLevel is a level of an enclave identity or a TDX module identity, which have one SVN.
struct SvnLevel {
  std::uint16_t isv_svn = 0;
  UnixTime tcb_date;
  TcbStatus status = TcbStatus::kRevoked;
  std::vector<std::string> advisory_ids;
};

using QeTcbLevel = SvnLevel;

// TdxModule is what a TDX module must be: tdxModule, or one of tdxModuleIdentities.
struct TdxModule {
  std::string id;  // "TDX_01"; empty for tdxModule
  std::array<std::uint8_t, 48> mr_signer{};
  std::array<std::uint8_t, 8> attributes{};
  std::array<std::uint8_t, 8> attributes_mask{};
  std::vector<SvnLevel> levels;  // none for tdxModule: the TCB levels judge it
};

// What Intel calls the components of a TCB, "BIOS: Early Microcode Update"; empty for those without
// a name. For people.
using ComponentNames = std::array<std::string, 16>;

// TcbInfo (Intel PCS API v3 TCB info version 2, API v4 version 3). Form only: the signature is not
// verified.
struct TcbInfo : SignedDocument {
  std::array<std::uint8_t, 6> fmspc{};
  std::array<std::uint8_t, 2> pce_id{};
  std::vector<TcbLevel> levels;
  ComponentNames sgx_names;  // version 3 alone, as the next
  ComponentNames tdx_names;
  std::optional<TdxModule> tdx_module;  // of a TDX TCB info, which has one
  std::vector<TdxModule> tdx_modules;   // tdxModuleIdentities
};

// QeIdentity is an enclave identity, version 2. Form only.
struct QeIdentity : SignedDocument {
  std::array<std::uint8_t, 4> misc_select{};  // as in the report: little-endian
  std::array<std::uint8_t, 4> misc_select_mask{};
  std::array<std::uint8_t, 16> attributes{};
  std::array<std::uint8_t, 16> attributes_mask{};
  std::array<std::uint8_t, 32> mr_signer{};
  std::uint16_t isv_prod_id = 0;
  std::vector<QeTcbLevel> levels;
};

// parse_tcb_info reads {"tcbInfo":{...},"signature":"<hex>"}; version 2 (SGX alone, no id) and 3.
// Unknown members are ignored: Intel adds them. The Diag says what is missing, of another type or
// out of range.
[[nodiscard]] Result<TcbInfo, Diag> parse_tcb_info(Bytes json);

// parse_qe_identity reads {"enclaveIdentity":{...},"signature":"<hex>"}, version 2.
[[nodiscard]] Result<QeIdentity, Diag> parse_qe_identity(Bytes json);

}  // namespace ward::dcap
