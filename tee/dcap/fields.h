#pragma once

// The words that claims of DCAP platforms may have.
namespace ward::dcap {

inline constexpr const char* kPckCas[] = {"processor", "platform"};
inline constexpr const char* kSgxTypes[] = {"standard", "scalable", "scalable with integrity"};
inline constexpr const char* kUnknown = "unknown";
inline constexpr const char* kMee = "MEE";
inline constexpr const char* kTmeOrTmeMk = "TME or TME-MK (MKTME)";
inline constexpr const char* kTmeMk = "TME-MK (MKTME)";
inline constexpr const char* kEngines[] = {kMee, kTmeOrTmeMk, kTmeMk, kUnknown};
inline constexpr const char* kTree = "cryptographic (integrity tree)";
inline constexpr const char* kMac = "cryptographic (MAC per cache line)";
inline constexpr const char* kTdOwnerBit = "logical (TD-owner bit)";
inline constexpr const char* kNoIntegrity = "none";
inline constexpr const char* kIntegrities[] = {kTree, kMac, kTdOwnerBit, kNoIntegrity, kUnknown};
inline constexpr const char* kSsa = "SSA, in the enclave's memory";
inline constexpr const char* kTdvps = "TDVPS, in the TD's private memory";
inline constexpr const char* kStatePlaces[] = {kSsa, kTdvps};

}  // namespace ward::dcap
