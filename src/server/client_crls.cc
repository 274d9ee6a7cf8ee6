#include "server/client_crls.h"

#include "codec/pem.h"

namespace ward::server {

Result<std::vector<pki::Crl>> parse_client_crls(std::string_view pem) {
  WARD_TRY(const auto blocks, codec::parse_pem(pem));
  if (blocks.size() > kMaxClientCrls) {
    return Error(Errc::kLimit, "admin: too many lists of revoked certificates", blocks.size());
  }
  std::vector<pki::Crl> out;
  for (const codec::PemBlock& block : blocks) {
    if (block.label != "X509 CRL") {
      return Error(Errc::kMalformed, "admin: not a list of revoked certificates (X509 CRL)");
    }
    WARD_TRY(auto crl, pki::parse_crl(block.der));
    out.push_back(std::move(crl));
  }
  return out;
}

}  // namespace ward::server
