#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "attest/identity.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/kept_results.h"
#include "broker/platform_ids.h"
#include "broker/policy.h"
#include "broker/quotas.h"
#include "broker/refusal.h"
#include "broker/rego.h"
#include "broker/sealed_rows.h"
#include "broker/session.h"
#include "crypto/rng.h"
#include "ledger/note.h"
#include "protocol/kbs/message.h"
#include "store/store.h"
#include "token/jws.h"

namespace ward::broker {

// EvidenceRequest is one appraisal, in the words of the KBS protocol.
struct EvidenceRequest {
  std::string_view tee;                  // "sgx"; empty: the evidence says
  std::string_view primary_evidence;     // JSON text
  std::string_view additional_evidence;  // JSON text: evidence of other devices by TEE; or empty
  Bytes binding;                         // the digest that the primary evidence must carry
  Bytes device_binding;                  // the digest that the other devices' must carry
  const EvidencePolicy& policy;
  UnixTime now;
  const attest::Collateral* collateral = nullptr;  // instead of the service's own: another day's
  bool whole_field = false;  // `binding` is the report data itself, of the field's size
};

// DeviceClaims is what one device's evidence says, for policies in Rego.
struct DeviceClaims {
  std::vector<std::string> classes;  // of kDeviceClasses: a list of several may be of more than one
  std::string tee;                   // as the protocol calls it
  std::string scheme;                // as ward calls it
  std::vector<attest::Claim> claims;
  attest::Tcb tcb;
};

// Appraised is one appraisal of all devices' evidence, and what each of them says.
struct Appraised {
  attest::Appraisal appraisal;
  std::vector<DeviceClaims> devices;
  attest::Identity identity;  // what names the machine, of all devices
};

// EvidenceVerifier is the verifier as the broker sees it: apps/wardd binds it to the one pipeline,
// verifier::Verifier, and knows how each TEE writes its evidence in JSON.
class EvidenceVerifier {
 public:
  EvidenceVerifier() = default;
  EvidenceVerifier(const EvidenceVerifier&) = delete;
  EvidenceVerifier& operator=(const EvidenceVerifier&) = delete;
  virtual ~EvidenceVerifier() = default;

  // appraise is called from several threads. kMalformed: not evidence of this TEE's form, or report
  // data of another size than its field; kUnsupported: a TEE that is not served. Everything else is
  // in the appraisal.
  [[nodiscard]] virtual Result<Appraised> appraise(const EvidenceRequest& request) const = 0;

  // collateral is what the service itself holds of the makers' documents.
  [[nodiscard]] virtual const attest::Collateral& collateral() const = 0;

  // serves is true where evidence of this TEE ("sgx", as the protocol calls it) can be appraised,
  // and binds a key that is the workload's.
  [[nodiscard]] virtual bool serves(std::string_view tee) const = 0;

  // fields lists what a policy for evidence may demand values of, over all TEEs that are served.
  [[nodiscard]] virtual std::vector<attest::FieldInfo> fields() const = 0;
};

// Keys are those of a service; every replica has the same.
struct Keys {
  SessionSealer sessions;
  SealedRows rows;
  PlatformIds platform_ids;
  token::JwsSigner token_signer;          // by the kind of its key
  std::vector<token::JwsKey> token_keys;  // its public half, and what is published beside it
  ledger::NoteSigner ledger;
};

// Retention is how much the archive keeps (archive.h): 0 in any is nothing. What anybody can send
// has limits of its own, for each kind of it: who sends much pushes out none but that kind.
struct Retention {
  std::int64_t seconds = std::int64_t{30} * 86400;
  std::uint64_t records = 10000;
  std::uint64_t octets = std::uint64_t{1} << 30U;
  std::uint64_t other_records = 1000;
  std::uint64_t other_octets = std::uint64_t{64} << 20U;
};

// Options are what the configuration says.
struct Options {
  std::string name;    // audience of results, and issuer: "wardd.example"
  std::string issuer;  // another one: "https://wardd.example"; empty: the name
  std::int64_t session_life_s = 300;
  std::int64_t token_life_s = 300;
  Retention retention{};
  Quotas quotas{};
  bool kbs_0_1_1 = false;  // serve clients whose reply's header nothing authenticates
  bool rsa1_5 = false;     // encrypt to keys for RSA1_5

  // serves is true of 0.4.0 and 0.2.0, and of 0.1.1 where it is on.
  [[nodiscard]] bool serves(protocol::kbs::Version version) const {
    return version != protocol::kbs::Version::k0_1_1 || kbs_0_1_1;
  }
};

// issuer_of is who issues results.
[[nodiscard]] inline const std::string& issuer_of(const Options& options) {
  return options.issuer.empty() ? options.name : options.issuer;
}

// Service is what all parts of a broker share. Borrowed; outlives them.
struct Service {
  store::Store& store;
  const EvidenceVerifier& verifier;
  const Keys& keys;
  crypto::Rng& rng;  // thread safe
  Options options;
  const RegoEngine* rego = nullptr;  // nullptr: policies with Rego are refused
  std::string collateral{};  // id of the verifier's, as remember_collateral gives it (archive.h)
};

// Challenged is the answer to /auth.
struct Challenged {
  std::string body;    // Challenge, JSON
  std::string cookie;  // value of kbs-session-id
  UnixTime expires;
};

// Lease says until when a workload may use what was released to it. It asks again before.
struct Lease {
  std::string id;        // the end in sixteen digits, a hyphen, sixteen random ones
  std::string resource;  // "repository/type/tag"
  std::uint64_t version = 0;
  Buffer workload;  // the whole field of the evidence
  UnixTime until;
};

// Released is the answer to a request for a resource.
struct Released {
  std::string jwe;             // flattened, JSON
  std::optional<Lease> lease;  // where the owner releases for a time alone
};

// version_mismatch says what is served, in the words by which clients recognise it.
[[nodiscard]] Refusal version_mismatch(const Options& options, std::string_view asked);

template <class T>
using Answer = Result<T, Refusal>;

// Broker is the KBS protocol's server without sockets: who proves what it is gets an attestation
// result, and with it the keys that the owners' policies grant. Every act is in the ledger before
// its answer exists, and so is every refusal of evidence that could be read, singly or in a count
// (refusal_record.h). Safe from several threads.
class Broker {
 public:
  explicit Broker(const Service& service) : service_(service) {}

  // auth gives a session. It writes nothing.
  [[nodiscard]] Answer<Challenged> auth(Bytes body, UnixTime now) const;

  // attest appraises the evidence of a session, once: acceptance uses the session's nonce up, and
  // so does a refusal that the ledger records singly. Returns the body of the reply, {"token":...}.
  [[nodiscard]] Answer<std::string> attest(std::string_view cookie, Bytes body, UnixTime now) const;

  // Credentials are what a request for a resource brings; the cookie is tried first.
  struct Credentials {
    std::optional<std::string_view> cookie;
    std::optional<std::string_view> bearer;
  };

  // resource releases the newest version of a resource, encrypted to the key that the evidence
  // bound, on the resource's terms (held.h): not after its end, not to a workload whose leases were
  // revoked, and with a lease where it has one.
  [[nodiscard]] Answer<Released> resource(const Credentials& credentials, std::string_view path,
                                          UnixTime now) const;

 private:
  const Service& service_;
  // Of sessions that attested here; of its own safe from several threads.
  std::unique_ptr<KeptResults> kept_ = std::make_unique<KeptResults>();
};

}  // namespace ward::broker
