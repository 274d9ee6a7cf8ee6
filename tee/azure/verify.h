#pragma once

#include <optional>
#include <string>

#include "attest/appraisal.h"
#include "attest/scheme.h"
#include "attest/work.h"
#include "tee/azure/checks.h"
#include "tee/azure/evidence.h"
#include "tee/azure/hcl.h"
#include "tee/azure/runtime_data.h"
#include "tee/tpm/verify.h"

namespace ward::azure {

// What one verification knows and fills. Everything is borrowed for the length of the call.
struct Context {
  CheckList& checks;
  attest::Findings& findings;
  attest::Work* work = nullptr;  // what the outcomes are derived from, where somebody asked for it
};

// Hardware is what was found out of the report of the hardware beneath.
struct Hardware {
  attest::Findings findings;
  attest::Work work;
};

// take_over notes the outcomes of another TEE's checks under this TEE's ids, its claims behind its
// name, its notes and its warnings.
void take_over(const attest::Findings& from, attest::Findings& out);

// take_over_work does so with what they derive from.
void take_over_work(const attest::Work& from, const std::string& tee, attest::Work& out);

// rename_work gives this TEE's ids to facts that another TEE's code noted from number `signatures`
// and `digests` on.
void rename_work(std::size_t signatures, std::size_t digests, attest::Work& work);

// not_asked notes that the checks taken over from `tee` were not asked for.
void not_asked(const char* tee, const std::string& why, attest::Findings& out);

// judge_hcl reads the paravisor's report and judges its kind; nullopt where it cannot be read.
[[nodiscard]] std::optional<Hcl> judge_hcl(Context& context, const Evidence& evidence);

// judge_hardware judges what this TEE asks of the hardware's report beside what its own TEE does.
// `octets` are hardware_evidence(); `report_data` is that of the report that the TEE's code
// verified, empty where there is none.
void judge_hardware(Context& context, const Hcl& hcl, Bytes octets, Bytes report_data);

// judge_runtime reads the runtime data and finds the virtual TPM's key; nullopt where there is
// none. `data` is what was read.
[[nodiscard]] std::optional<crypto::PublicKey> judge_runtime(Context& context, const Hcl& hcl,
                                                             std::optional<RuntimeData>& data);

// tpm_evidence is the quote as the TPM's code takes it: by this key, with RSASSA and SHA-256.
[[nodiscard]] tpm::Evidence tpm_evidence(const Evidence& evidence, const crypto::PublicKey& ak);

// quote_of is the TD quote without the zeros that Azure's service puts behind it; as it is where
// something else stands there, which TDX's code then refuses.
[[nodiscard]] Bytes quote_of(Bytes td_quote);

// hardware_evidence is what SEV-SNP's or TDX's code takes: the report with the certificates that
// came along, or the TD quote.
[[nodiscard]] Buffer hardware_evidence(const Evidence& evidence, const Hcl& hcl);

// add_claims states what the paravisor's report and its runtime data say.
void add_claims(const Evidence& evidence, const Hcl& hcl, const std::optional<RuntimeData>& data,
                std::vector<attest::Claim>& out);

}  // namespace ward::azure
