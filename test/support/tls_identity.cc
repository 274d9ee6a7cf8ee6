#include "test/support/tls_identity.h"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "test/support/program.h"
#include "test/support/vectors.h"

namespace ward::test {

TlsIdentity make_tls_identity() {
  std::string folder = std::filesystem::temp_directory_path() / "ward-tls-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) {
    ADD_FAILURE() << "no temporary folder";
    return {};
  }
  const std::string key = folder + "/key.pem";
  const std::string certificate = folder + "/certificate.pem";
  const auto made = run_program(
      {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
       "-days", "1", "-subj", "/CN=ward test", "-addext",
       "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate});
  const auto spki = run_program({"openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"});
  EXPECT_EQ(made.exit, 0) << made.err;
  EXPECT_EQ(spki.exit, 0) << spki.err;
  TlsIdentity out;
  out.key_pem = read_text(key);
  out.certificate_pem = read_text(certificate);
  out.spki = to_buffer(as_bytes(spki.out));
  std::filesystem::remove_all(folder);
  return out;
}

}  // namespace ward::test
