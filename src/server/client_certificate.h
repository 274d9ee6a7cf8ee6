#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "broker/admin.h"
#include "pki/certificate.h"
#include "server/admin_auth.h"

namespace ward::server {

// How many certificates a client may show, its own among them: each link is a signature to verify.
inline constexpr std::size_t kMaxShownCertificates = 4;

// certified_administrator is the one administrator whom a client's certificate names: by its
// digest, by its key's, or by a subjectAltName where its path leads to one of `client_ca`. `shown`
// is what the client showed in TLS and has the key of, its own first, as DER. Each call judges
// anew, as of `now`: on a connection that lives longer than its certificate the later requests are
// refused. With `crls` each certificate of a path but the CA's needs a list of its issuer's that is
// right at that time; of pinned ones none is looked at. Refusals are kAdminCertificate: malformed,
// not yet valid, expired, not for a client (extKeyUsage; under a CA it must say clientAuth), no
// path to a CA (RFC 5280 section 6), revoked or without such a list, nobody's, or more than one
// administrator's; what is both one's of the configuration and a row's is the former's. Borrowed
// from `administrators`.
[[nodiscard]] broker::Answer<const Administrator*> certified_administrator(
    std::span<const Buffer> shown, std::span<const Administrator> administrators,
    const ClientTrust& trust, UnixTime now);

// certificate_name reads a name as people write it: "dns:ops.example", "email:a@example",
// "uri:spiffe://...". nullopt for any other text.
[[nodiscard]] std::optional<pki::GeneralName> certificate_name(std::string_view text);

// to_text writes such a name; empty for a name of another kind.
[[nodiscard]] std::string to_text(const pki::GeneralName& name);

}  // namespace ward::server
