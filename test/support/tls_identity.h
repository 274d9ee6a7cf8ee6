#pragma once

#include <string>

#include "base/bytes.h"

namespace ward::test {

// TlsIdentity is a server's certificate and key that the openssl program makes anew each time.
struct TlsIdentity {
  std::string certificate_pem;
  std::string key_pem;
  Buffer spki;  // DER
};

// make_tls_identity makes a self-signed P-256 certificate for 127.0.0.1 and localhost, valid for
// one day from now. The test fails where openssl does not work.
TlsIdentity make_tls_identity();

}  // namespace ward::test
