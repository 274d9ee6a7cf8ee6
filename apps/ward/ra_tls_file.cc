#include "apps/ward/ra_tls_file.h"

#include <cstdio>
#include <utility>

#include <sys/stat.h>

#include "apps/ward/cli.h"
#include "apps/ward/input.h"
#include "apps/ward/key_files.h"
#include "apps/ward/ra_tls.h"
#include "codec/pem.h"
#include "crypto/rng.h"
#include "protocol/ratls/certificate.h"

namespace ward::cli {
namespace {

namespace ratls = protocol::ratls;

constexpr std::int64_t kLife_s = std::int64_t{30} * 86400;

}  // namespace

Result<std::array<std::uint8_t, 64>, int> RaTlsFile::begin(const std::string& path,
                                                           const std::string& key_path,
                                                           bool force) {
  auto key = read_identity(key_path);
  if (!key) {
    return own_file_failure(key_path, key.error(), "--ra-tls-key takes a P-256 key in PEM");
  }
  const auto claims = ratls::claims_buffer(key->public_key());
  if (!claims) return fail(kCouldNotTell, error_text(claims.error()));

  struct stat info {};

  if (!force && ::lstat(path.c_str(), &info) == 0) {
    return fail(kUsage, path + ": exists already", "--force replaces it");
  }
  auto file = OutputFile::create(path, OutputFile::Readers::kUmask);
  if (!file) return fail(kCouldNotTell, path + ": " + error_text(file.error()));
  force_ = force;
  key_.emplace(*std::move(key));
  file_.emplace(*std::move(file));
  return ratls::report_data(*claims);
}

int RaTlsFile::finish(Bytes quote) {
  if (!file_) return kAccepted;
  crypto::SystemRng rng;
  const UnixTime now = system_now();
  const ratls::CertificateTimes times{.not_before = now,
                                      .not_after = UnixTime{now.seconds + kLife_s}};
  const auto der = ratls::write_certificate(quote, *key_, times, rng);
  if (!der) return fail(kCouldNotTell, error_text(der.error()));
  auto done = file_->write(as_bytes(codec::to_pem("CERTIFICATE", *der)));
  if (done) done = file_->commit(force_);
  if (!done) return fail(kCouldNotTell, file_->path() + ": " + error_text(done.error()));
  (void)std::fprintf(stderr, "ward: %s: %s\n", for_terminal(file_->path()).c_str(),
                     kRaTlsProvesNothing);
  return kAccepted;
}

}  // namespace ward::cli
