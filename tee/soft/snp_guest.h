#pragma once

#include <cstdint>
#include <memory>

#include "tee/snp/key_request.h"
#include "tee/soft/guest.h"

// Inside tee/soft, but for guest_policy_of.
namespace ward::soft {

// guest_policy_of is the GUEST_POLICY that the launcher gives every keep on SNP: what an ID block
// must state. SMT is allowed, debugging as asked for.
[[nodiscard]] std::uint64_t guest_policy_of(bool debug);

// SnpGuestState is what the firmware holds of one guest.
struct SnpGuestState {
  snp::ReportParts report;  // what it states whenever it is asked for; report data is not set
  Secret<32> vmrk;          // the guest's own root key: drawn at its launch
};

// derive_snp_key is the firmware's answer to MSG_KEY_REQ, for a guest on a processor whose VCEK or
// VLEK (`has_vlek`) is loaded. The workload (HOST_DATA), who signed the ID block and DEBUG are in
// the key whatever the request selects. kDenied for a GUEST_SVN above the guest's own, a part of
// TCB_VERSION above the committed one, a VMPL above 3, and the VLEK where none is loaded.
[[nodiscard]] Result<Secret<32>> derive_snp_key(const AmdProcessor& processor,
                                                const SnpGuestState& guest, bool has_vlek,
                                                const snp::KeyRequest& request);

// apply_id_block is the part of SNP_LAUNCH_FINISH that judges an ID block with its authentication
// information behind it, and states in the report what they say. Errors of snp::parse_id_block and
// parse_id_auth; kUntrusted where a signature is wrong or the block is for another image; kDenied
// where its policy is not the guest's.
Result<void> apply_id_block(Bytes id_block, snp::ReportParts& report);

// launch_snp is launch() for SNP faces; `processor` must outlive the guest.
[[nodiscard]] Result<std::unique_ptr<Guest>> launch_snp(const AmdProcessor& processor,
                                                        const Face& face, const Launch& launch,
                                                        crypto::Rng& rng);

}  // namespace ward::soft
