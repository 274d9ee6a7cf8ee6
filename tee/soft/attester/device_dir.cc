#include "tee/soft/attester/device_dir.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/pem.h"
#include "pki/certificate.h"
#include "tee/soft/world.h"

namespace ward::soft {
namespace {

namespace fs = std::filesystem;
using crypto::PrivateKey;

constexpr mode_t kPublic = 0644;
constexpr mode_t kSecret = 0600;
constexpr std::size_t kMaxFile = 1U << 20U;

std::string trouble(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::generic_category().message(errno);
}

Result<void, std::string> write_file(const std::string& path, Bytes bytes, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return trouble(path, "cannot be created");
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + at, bytes.size() - at);
    if (n <= 0) {
      std::string text = trouble(path, "cannot be written");
      ::close(fd);
      return text;
    }
    at += static_cast<std::size_t>(n);
  }
  if (::fsync(fd) != 0 || ::close(fd) != 0) return trouble(path, "cannot be written");
  return {};
}

// Reads into memory that is wiped: the file may be a secret. `secret` demands that nobody else may
// read it.
Result<SecretBytes, std::string> read_file(const std::string& path, bool secret) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return trouble(path, "cannot be opened");

  struct stat st {};

  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 ||
      static_cast<std::size_t>(st.st_size) > kMaxFile) {
    ::close(fd);
    return path + ": not a file of a development platform";
  }
  if (secret && (st.st_mode & 077U) != 0) {
    ::close(fd);
    return path +
           ": a secret that others may read; run chmod 600 and make a new platform if somebody did";
  }
  SecretBytes out(static_cast<std::size_t>(st.st_size));
  std::size_t at = 0;
  while (at < out.expose().size()) {
    const ssize_t n = ::read(fd, out.expose_mut().data() + at, out.expose().size() - at);
    if (n <= 0) {
      ::close(fd);
      return path + ": cannot be read whole";
    }
    at += static_cast<std::size_t>(n);
  }
  ::close(fd);
  return out;
}

std::string error_text(const char* what, const Error& error) {
  return std::string(what) + ": " + error.what();
}

Result<void, std::string> write_secrets(const std::string& dir, const DcapKeys& keys,
                                        crypto::Rng& rng) {
  const auto device_root = crypto::random_secret<32>(rng);
  WARD_CHECK_OK(write_file(dir + "/device/device_root", device_root.expose(), kSecret));
  WARD_CHECK_OK(write_file(dir + "/device/pck.pk8", keys.pck.to_pkcs8().expose(), kSecret));
  WARD_CHECK_OK(write_file(dir + "/ca/root.pk8", keys.root.to_pkcs8().expose(), kSecret));
  WARD_CHECK_OK(write_file(dir + "/ca/pck_ca.pk8", keys.pck_ca.to_pkcs8().expose(), kSecret));
  return write_file(dir + "/ca/tcb_signing.pk8", keys.tcb_signing.to_pkcs8().expose(), kSecret);
}

Result<void, std::string> fill(const std::string& dir, UnixTime now, unsigned days,
                               crypto::Rng& rng) {
  const auto keys = generate_keys(rng);
  if (!keys) return error_text("keys", keys.error());
  const auto world = default_world(*keys, now, days, rng);
  if (!world) return error_text("platform", world.error());
  const auto made = sign_world(*world, *keys);
  if (!made) return error_text("documents", made.error());
  for (const char* folder : {"/collateral", "/device", "/ca"}) {
    const mode_t mode = std::string_view(folder) == "/collateral" ? 0755 : 0700;
    if (::mkdir((dir + folder).c_str(), mode) != 0) return trouble(dir + folder, "cannot be made");
  }
  WARD_CHECK_OK(write_file(dir + "/root.pem", as_bytes(made->root_pem), kPublic));
  for (const attest::Document& d : made->documents().documents) {
    WARD_CHECK_OK(write_file(dir + "/collateral/" + d.name, d.bytes, kPublic));
  }
  WARD_CHECK_OK(write_file(dir + "/device/pck_chain.pem", as_bytes(made->pck_chain_pem), kPublic));
  WARD_CHECK_OK(write_file(dir + "/device/qe_identity.json", as_bytes(made->qe_identity), kPublic));
  return write_secrets(dir, *keys, rng);
}

// Copies the maker's public files: they are the same for all its platforms.
Result<void, std::string> copy_public(const std::string& dir, const std::string& maker) {
  std::error_code failed;
  fs::copy(maker + "/root.pem", dir + "/root.pem", failed);
  if (!failed) fs::copy(maker + "/collateral", dir + "/collateral", failed);
  if (failed) return maker + ": cannot be copied: " + failed.message();
  return {};
}

Result<void, std::string> fill_outdated(const std::string& dir, const std::string& maker,
                                        crypto::Rng& rng) {
  WARD_TRY(const SecretBytes ca_der, read_file(maker + "/ca/pck_ca.pk8", true));
  WARD_TRY(const SecretBytes pem, read_file(maker + "/device/pck_chain.pem", false));
  WARD_TRY(const SecretBytes identity, read_file(maker + "/device/qe_identity.json", false));
  const auto chain = pki::parse_certificates(as_text(pem.expose()));
  const auto ca = PrivateKey::from_pkcs8(ca_der.expose());
  if (!chain || !ca) return maker + ": not what `ward dev init` writes";
  const auto pck = PrivateKey::generate(crypto::KeyType::kP256, rng);
  if (!pck) return error_text("keys", pck.error());
  const auto made = outdated_chain(*chain, *ca, pck->public_key().to_spki(), rng);
  if (!made) return error_text("platform", made.error());
  WARD_CHECK_OK(copy_public(dir, maker));
  const std::string device = dir + "/device";
  if (::mkdir(device.c_str(), 0700) != 0) return trouble(device, "cannot be made");
  WARD_CHECK_OK(write_file(device + "/pck_chain.pem", as_bytes(*made), kPublic));
  WARD_CHECK_OK(write_file(device + "/qe_identity.json", identity.expose(), kPublic));
  const auto device_root = crypto::random_secret<32>(rng);
  WARD_CHECK_OK(write_file(device + "/device_root", device_root.expose(), kSecret));
  return write_file(device + "/pck.pk8", pck->to_pkcs8().expose(), kSecret);
}

// make_dir fills a new or empty folder, and leaves nothing behind where that fails.
Result<void, std::string> make_dir(const std::string& dir,
                                   const std::function<Result<void, std::string>()>& fill_it) {
  std::error_code failed;
  const bool existed = fs::exists(dir, failed);
  if (existed && (!fs::is_directory(dir, failed) || !fs::is_empty(dir, failed))) {
    return dir + ": exists and is not an empty folder; nothing was changed";
  }
  if (!existed && ::mkdir(dir.c_str(), 0755) != 0) return trouble(dir, "cannot be made");
  auto done = fill_it();
  if (!done) {
    for (const char* entry : {"/collateral", "/device", "/ca", "/root.pem"})
      fs::remove_all(dir + entry, failed);
    if (!existed) fs::remove(dir, failed);
  }
  return done;
}

}  // namespace

Result<void, std::string> init(const std::string& dir, UnixTime now, unsigned days,
                               crypto::Rng& rng) {
  return make_dir(dir, [&] { return fill(dir, now, days, rng); });
}

Result<void, std::string> make_outdated(const std::string& dir, const std::string& maker,
                                        crypto::Rng& rng) {
  return make_dir(dir, [&] { return fill_outdated(dir, maker, rng); });
}

Result<Device, std::string> open_device(const std::string& dir) {
  WARD_TRY(const SecretBytes root, read_file(dir + "/device/device_root", true));
  WARD_TRY(const SecretBytes pck_der, read_file(dir + "/device/pck.pk8", true));
  WARD_TRY(const SecretBytes chain, read_file(dir + "/device/pck_chain.pem", false));
  WARD_TRY(const SecretBytes identity_json, read_file(dir + "/device/qe_identity.json", false));
  const auto certificates = pki::parse_certificates(as_text(chain.expose()));
  if (!certificates) return dir + "/device/pck_chain.pem: " + certificates.error().what();
  const pki::Extension* extension = certificates->front().find(dcap::pck_extension_oid());
  if (extension == nullptr) return dir + "/device/pck_chain.pem: not a PCK certificate";
  const auto pck = dcap::parse_pck_extensions(extension->value);
  const auto identity = dcap::parse_qe_identity(identity_json.expose());
  auto key = PrivateKey::from_pkcs8(pck_der.expose());
  if (!pck || !identity || !key || root.expose().size() != 32) {
    return dir + "/device: not what `ward dev init` writes";
  }
  Secret<32> device_root;
  std::copy(root.expose().begin(), root.expose().end(), device_root.expose_mut().begin());
  Processor processor(std::move(device_root), pck->cpu_svn);
  auto attestation = processor.attestation_key();
  if (!attestation) return error_text("attestation key", attestation.error());
  auto enclave = QuotingEnclave::create(*std::move(attestation), *key, *identity, *pck,
                                        std::string(as_text(chain.expose())));
  if (!enclave) return error_text("quoting enclave", enclave.error());
  return Device{std::move(processor), *std::move(enclave)};
}

}  // namespace ward::soft
