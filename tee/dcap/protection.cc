#include "tee/dcap/protection.h"

#include "tee/dcap/fields.h"

namespace ward::dcap {
namespace {

struct Protection {
  std::string engine;
  std::string integrity;
  bool freshness = false;  // an old value of a memory line, put back, is noticed
};

// SGX Type: 0 has the Memory Encryption Engine with its tree of counters; 1 and 2 encrypt with
// AES-XTS, 2 with a MAC. TDX exists on 1 and 2 alone, always with keys of its own (TME-MK, also
// called MKTME), and without a MAC has the TD-owner bit, which keeps software out, not a soldering
// iron.
Protection protection(TeeType tee, std::uint8_t sgx_type) {
  const bool tdx = tee == TeeType::kTdx;
  switch (sgx_type) {
    case 0:
      if (tdx) break;
      return {kMee, kTree, true};
    case 1:
      return tdx ? Protection{kTmeMk, kTdOwnerBit, false}
                 : Protection{kTmeOrTmeMk, kNoIntegrity, false};
    case 2:
      return {tdx ? kTmeMk : kTmeOrTmeMk, kMac, false};
    default:
      break;
  }
  return {kUnknown, kUnknown, false};
}

}  // namespace

void add_protection_claims(TeeType tee, const PckExtensions& pck, std::vector<attest::Claim>& out) {
  const Protection p = protection(tee, pck.sgx_type);
  const bool tdx = tee == TeeType::kTdx;
  out.push_back({"memory_encryption.engine", p.engine});
  out.push_back({"memory_encryption.integrity", p.integrity});
  out.push_back({"memory_encryption.freshness", p.freshness});
  out.push_back(
      {"memory_encryption.source", "PCK certificate, SGX Type " + std::to_string(pck.sgx_type)});
  out.push_back({"cpu_state_encryption.place", std::string(tdx ? kTdvps : kSsa)});
  out.push_back({"cpu_state_encryption.engine", p.engine});
  out.push_back(
      {"cpu_state_encryption.source", std::string(tdx ? "Intel TDX Module Base Architecture, TDVPS"
                                                      : "Intel SDM volume 3D, State Save Area")});
}

}  // namespace ward::dcap
