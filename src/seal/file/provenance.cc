#include "seal/file/provenance.h"

#include "codec/json.h"
#include "crypto/digest.h"
#include "seal/file/fault.h"
#include "seal/file/head_bytes.h"
#include "token/ear.h"
#include "token/jwk.h"

namespace ward::seal {
namespace {

constexpr std::string_view kContext = "ward.sealed-file.v1 provenance";

Error token_fault(const Error& error) {
  switch (error.code()) {
    case Errc::kStale:
      return fault_error(Fault::kTokenStale);
    case Errc::kDenied:  // under these rules nothing else is denied
      return fault_error(Fault::kTokenIssuer);
    case Errc::kTruncated:
    case Errc::kMalformed:
    case Errc::kUnsupported:
    case Errc::kUntrusted:
    case Errc::kLimit:
    case Errc::kUnavailable:
    case Errc::kInternal:
      return fault_error(Fault::kTokenUntrusted);
  }
  return fault_error(Fault::kTokenUntrusted);
}

Result<token::VerifiedJwt> verify_token(const Provenance& provenance, UnixTime created,
                                        const ProvenanceExpectations& expected) {
  // The audience is whoever the broker wrote the token for; what matters here is who signed it and
  // which key it binds.
  const token::JwtExpectations jwt{.issuer = expected.issuer,
                                   .audience = token::Unchecked{},
                                   .now = created,
                                   .skew_s = kClockSkewSeconds,
                                   .expiry_grace_s = kTokenExpiryGraceSeconds,
                                   .max_age_s = std::nullopt,
                                   .rules = {.typ = {}, .ignore_embedded_key = true}};
  auto verified = token::verify_jwt(provenance.token, expected.token_keys, jwt);
  if (!verified) return token_fault(verified.error());
  return verified;
}

// The digest of the init-data stands beside the claims of the one attester.
Result<Workload> workload_in(const codec::JsonValue& claims, const std::string& submod) {
  const codec::JsonValue* at = claims.find("submods");
  for (const std::string_view step :
       {std::string_view(submod), std::string_view("ear.veraison.annotated-evidence"),
        std::string_view("init_data")}) {
    if (at != nullptr) at = at->find(step);
  }
  const auto text = at != nullptr ? at->as_string() : std::nullopt;
  const auto octets = text ? from_hex(*text) : std::nullopt;
  const auto workload = octets ? to_array<std::tuple_size_v<Workload>>(*octets) : std::nullopt;
  if (!workload) return fault_error(Fault::kInitData);
  return *workload;
}

Result<void> check_signature(const Head& head, const token::EarView::Submod& submod) {
  if (submod.tee_pubkey == nullptr) return fault_error(Fault::kSignature);
  const auto jwk = token::parse_jwk(*submod.tee_pubkey);
  if (!jwk || jwk->key.type() != crypto::KeyType::kP256) return fault_error(Fault::kSignature);
  if (!head.signature ||
      !jwk->key.verify_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256,
                          provenance_message(head.authenticated()), *head.signature)) {
    return fault_error(Fault::kSignature);
  }
  return {};
}

// What the verifier concluded. A development platform's hardware claim is bad by rule, so that its
// status says nothing.
Result<void> judge(const token::EarView::Submod& submod, const ProvenanceExpectations& expected) {
  if (submod.verdict != "accepted" || !submod.unchecked.empty()) {
    return fault_error(Fault::kTokenDenied);
  }
  if (submod.development) {
    if (expected.allow_development) return {};
    return fault_error(Fault::kDevelopment);
  }
  switch (submod.status) {
    case token::TrustTier::kAffirming:
      return {};
    case token::TrustTier::kWarning:
      if (expected.allow_warning) return {};
      return fault_error(Fault::kTokenWarning);
    case token::TrustTier::kNone:
    case token::TrustTier::kContraindicated:
      break;
  }
  return fault_error(Fault::kTokenDenied);
}

// Of the inputs with that name there is one, and none has another id.
bool has_input(const Provenance& provenance, const ExpectedInput& expected) {
  bool found = false;
  for (const ProvenanceInput& input : provenance.inputs) {
    if (input.name != expected.name) continue;
    if (input.id != expected.id) return false;
    found = true;
  }
  return found;
}

}  // namespace

Buffer provenance_message(Bytes authenticated) {
  const std::array<std::uint8_t, 1> zero{};
  return concat({as_bytes(kContext), zero, authenticated});
}

Result<CheckedProvenance> check_provenance(const Head& head,
                                           const ProvenanceExpectations& expected) {
  const Header& header = head.header;
  if (!header.provenance) return fault_error(Fault::kNoProvenance);
  WARD_TRY(const token::VerifiedJwt jwt,
           verify_token(*header.provenance, header.created, expected));
  if (header.created.seconds > expected.now.seconds + kClockSkewSeconds) {
    return fault_error(Fault::kTokenStale);
  }
  const auto view = token::view_ear(jwt.claims);
  if (!view || view->profile != token::EarProfile::kTrustee) {
    return fault_error(Fault::kTokenUntrusted);
  }
  if (view->submods.size() != 1) return fault_error(Fault::kTokenDenied);
  const token::EarView::Submod& submod = view->submods.front();
  WARD_CHECK_OK(judge(submod, expected));
  WARD_CHECK_OK(check_signature(head, submod));
  WARD_TRY(const Workload workload, workload_in(jwt.claims, submod.name));
  if (workload != crypto::sha384(as_bytes(header.provenance->init_data))) {
    return fault_error(Fault::kInitData);
  }
  const auto* wanted = std::get_if<Workload>(&expected.workload);
  if (wanted != nullptr && *wanted != workload) return fault_error(Fault::kWorkload);
  for (const ExpectedInput& input : expected.inputs) {
    if (!has_input(*header.provenance, input)) return fault_error(Fault::kInputs);
  }
  return CheckedProvenance{
      .workload = workload, .created = header.created, .development = submod.development};
}

}  // namespace ward::seal
