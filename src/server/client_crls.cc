#include "server/client_crls.h"

#include <algorithm>

#include "codec/pem.h"
#include "pki/oid.h"

namespace ward::server {
namespace {

using pki::Certificate;
using pki::Crl;

constexpr const char* kNoSigner = "no CA of client_ca has signed it";
constexpr const char* kOlder = "a newer list of the same CA counts already";

const Certificate* signer_of(const Crl& list, std::span<const Certificate> ca) {
  const auto found = std::ranges::find_if(ca, [&](const Certificate& one) {
    return one.subject.matches(list.issuer) && one.public_key && signed_by(list, *one.public_key);
  });
  return found == ca.end() ? nullptr : &*found;
}

// scope_of is the issuingDistributionPoint as it stands there; empty for a list of everything.
Bytes scope_of(const Crl& list) {
  const auto found = std::ranges::find_if(list.extensions, [](const pki::Extension& one) {
    return equal(one.oid, pki::oid::kIssuingDistributionPoint);
  });
  return found == list.extensions.end() ? Bytes() : Bytes(found->value);
}

bool is_newer(const Crl& a, const Crl& b) {
  if (a.crl_number && b.crl_number) {
    const int order = pki::compare_serial(*a.crl_number, *b.crl_number);
    if (order != 0) return order > 0;
  }
  return a.this_update > b.this_update;
}

void take(ClientCrlSet& set, Crl list, const crypto::Sha256Digest& signer) {
  if (!set.signers.emplace(list.fingerprint, signer).second) return;  // it is there already
  set.lists.push_back(std::move(list));
}

}  // namespace

Result<std::vector<Crl>> parse_client_crls(std::string_view pem) {
  WARD_TRY(const auto blocks, codec::parse_pem(pem));
  if (blocks.size() > kMaxClientCrls) {
    return Error(Errc::kLimit, "admin: too many lists of revoked certificates", blocks.size());
  }
  std::vector<Crl> out;
  for (const codec::PemBlock& block : blocks) {
    if (block.label != "X509 CRL") {
      return Error(Errc::kMalformed, "admin: not a list of revoked certificates (X509 CRL)");
    }
    WARD_TRY(auto crl, pki::parse_crl(block.der));
    out.push_back(std::move(crl));
  }
  return out;
}

bool is_signed_by(const ClientCrlSet& set, const Crl& list, const Certificate& issuer) {
  const auto found = set.signers.find(list.fingerprint);
  return found != set.signers.end() && found->second == issuer.spki_sha256;
}

JudgedCrls judge_client_crls(std::vector<Crl> lists, std::span<const Certificate> ca,
                             const ClientCrlSet& before) {
  JudgedCrls out;
  std::vector<std::pair<const Crl*, const Certificate*>> instead;  // what counted, and newer
  for (Crl& list : lists) {
    const Certificate* signer = signer_of(list, ca);
    if (signer == nullptr) {
      out.refused.emplace_back(std::move(list), kNoSigner);
      continue;
    }
    const std::size_t so_far = instead.size();
    for (const Crl& known : before.lists) {
      if (is_signed_by(before, known, *signer) && equal(scope_of(known), scope_of(list)) &&
          is_newer(known, list)) {
        instead.emplace_back(&known, signer);
      }
    }
    if (instead.size() > so_far) {
      out.refused.emplace_back(std::move(list), kOlder);
    } else {
      take(out.set, std::move(list), signer->spki_sha256);
    }
  }
  const std::vector<Crl> taken = out.set.lists;
  for (const auto& [known, signer] : instead) {
    const bool replaced =
        std::ranges::any_of(taken, [&, signer = signer, known = known](const Crl& one) {
          return is_signed_by(out.set, one, *signer) && equal(scope_of(one), scope_of(*known));
        });
    if (!replaced) take(out.set, *known, signer->spki_sha256);
  }
  return out;
}

}  // namespace ward::server
