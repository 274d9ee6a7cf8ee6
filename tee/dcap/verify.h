#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "attest/work.h"
#include "base/time.h"
#include "pki/certificate.h"
#include "pki/path.h"
#include "tee/dcap/certification.h"
#include "tee/dcap/checks.h"
#include "tee/dcap/collateral.h"
#include "tee/dcap/pck.h"
#include "tee/dcap/quote.h"
#include "tee/x509/signatures.h"

namespace ward::dcap {

// What one verification knows and fills. Everything is borrowed for the length of the call.
struct Context {
  CheckList& checks;
  const CollateralSet& collateral;
  std::span<const attest::Anchor> anchors;
  UnixTime now;
  attest::Findings& findings;
  x509::Signatures& signatures;
  attest::Work* work = nullptr;  // what the outcomes are derived from, where somebody asked for it
  const attest::Collateral* given = nullptr;  // what `collateral` was sorted from, where work is
};

// What the quote shows of its platform, once the PCK chain parsed.
struct Platform {
  std::vector<pki::Certificate> chain;  // PCK leaf, processor or platform CA, root
  PckExtensions extensions;

  [[nodiscard]] const pki::Certificate& leaf() const { return chain[0]; }

  [[nodiscard]] const pki::Certificate& ca() const { return chain[1]; }

  [[nodiscard]] const pki::Certificate& root() const { return chain[2]; }
};

// Which documents belong to which TEE.
struct TeeIds {
  const char* tcb_info;     // "SGX", "TDX"
  const char* qe_identity;  // "QE", "TD_QE"
};

// verify_pck_chain checks the chain up to a pinned root: that of certification data type 5, or
// (types 1 to 4 and 7) one put together from the collateral; nullopt where it does not parse or is
// not there. Notes that the chain is a development platform's in the findings.
[[nodiscard]] std::optional<Platform> verify_pck_chain(Context& context, const QeEvidence& qe);

// Subject names of the profile (PCK 1.3). A development platform's certificates have them too, with
// its mark beside.
inline constexpr std::string_view kPckName = "Intel SGX PCK Certificate";
inline constexpr std::string_view kPlatformCaName = "Intel SGX PCK Platform CA";
inline constexpr std::string_view kProcessorCaName = "Intel SGX PCK Processor CA";
inline constexpr std::string_view kTcbSigningName = "Intel SGX TCB Signing";
inline constexpr std::string_view kRootName = "Intel SGX Root CA";

// What the leaf of a chain is, where the profile does not allow it.
inline constexpr std::string_view kLeafFault =
    "is a CA, may not sign, or has another key than P-256";

// anchored_root returns a certificate whose key is a trust anchor: the PCK chain's own root, or
// else (a quote without a chain) one of the collateral; null where there is none. Borrowed.
[[nodiscard]] const pki::Certificate* anchored_root(const Context& context,
                                                    const Platform* platform);

// verify_root_crl selects and checks the root's CRL, which must speak of CA certificates such as
// the platform's; null where no acceptable one was given. `platform` may be null. Borrowed.
[[nodiscard]] const Named<pki::Crl>* verify_root_crl(Context& context, const pki::Certificate& root,
                                                     const Platform* platform);

// verify_revocation selects and checks the PCK CA's CRL, and that neither CA nor leaf is revoked.
void verify_revocation(Context& context, const Platform& platform, const Named<pki::Crl>* root_crl);

// The signed TCB documents that were chosen. Null where absent, malformed or not fitting; borrowed
// from the collateral.
struct TcbDocuments {
  const Named<TcbInfo>* tcb_info = nullptr;
  const Named<QeIdentity>* qe_identity = nullptr;
};

// verify_tcb_documents selects TCB info and QE identity, and checks their signatures up to `root`
// and their times. The root is the PCK chain's own: one root may not vouch for another's platforms.
// `platform` may be null: then no TCB info can be chosen.
[[nodiscard]] TcbDocuments verify_tcb_documents(Context& context, const Platform* platform,
                                                const pki::Certificate& root,
                                                const Named<pki::Crl>* root_crl, const TeeIds& ids);

// verify_qe checks the quoting enclave's report: signed by the PCK key, vouching for the
// attestation key, and as its identity says. Returns the level of the quoting enclave; null where
// none matched.
const QeTcbLevel* verify_qe(Context& context, const QeEvidence& qe, Bytes attestation_key,
                            const Platform* platform, const Named<QeIdentity>* identity);

// read_attestation_key checks the attestation key; nullopt where it is none.
[[nodiscard]] std::optional<crypto::PublicKey> read_attestation_key(Context& context,
                                                                    Bytes attestation_key);

// verify_quote_signature checks the key's signature over `signed_part`.
void verify_quote_signature(CheckList& checks, const crypto::PublicKey& key, Bytes signed_part,
                            Bytes signature);

// show_quote writes down the signatures and the digest that the quote itself holds. `pck` is the
// PCK certificate, null where none is known.
void show_quote(Context& context, const Quote& quote, const pki::Certificate* pck);

// show_document writes down a signed TCB document, and whether its signature by `signer` holds;
// null where no signer was given.
void show_document(Context& context, const Named<const SignedDocument*>& named, CheckId signature,
                   const Named<pki::Certificate>* signer, bool holds);

// PlatformTcb is what a TCB info says of the platform, joined over everything in it that counts.
struct PlatformTcb {
  TcbStatus status = TcbStatus::kRevoked;
  UnixTime date;                        // the oldest of the levels that matched
  std::vector<std::string> advisories;  // of all of them
  std::vector<attest::TcbPart> parts;   // each of them
  std::vector<std::string> behind;      // attest::Tcb::behind
};

// part_of gives a level's status and advisories as a part of the platform's.
template <class Level>
[[nodiscard]] attest::TcbPart part_of(std::string name, const Level& level) {
  return {std::move(name), tcb_status_text(level.status), level.advisory_ids};
}

// add_behind names the components of a TCB that are below the newest level's. `kind` is "SGX" or
// "TDX".
void add_behind(const std::string& kind, Bytes components, Bytes newest,
                const ComponentNames& names, std::vector<std::string>& out);

// sgx_behind is what a PCK certificate's TCB lacks against the newest level.
[[nodiscard]] std::vector<std::string> sgx_behind(const PckExtensions& pck, const TcbInfo& info);

// reaches is true where the PCK certificate's TCB is at least the level's SGX part.
[[nodiscard]] bool reaches(const PckExtensions& pck, const TcbLevel& level);

// record_level records tcb.level: `level` is the one that matched, null where none did; `more` is
// added to what was found.
void record_level(Context& context, const PckExtensions& pck, const TcbLevel* level,
                  const Named<TcbInfo>& info, const std::string& more);

// conclude_tcb joins the platform's and the quoting enclave's TCB: status, date, advisories.
// nullopt and null: no level matched.
void conclude_tcb(Context& context, const std::optional<PlatformTcb>& platform,
                  const TcbDocuments& documents, const QeTcbLevel* qe_level);

}  // namespace ward::dcap
