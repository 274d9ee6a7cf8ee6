#include <filesystem>

#include <sys/stat.h>

#include "pki/certificate.h"
#include "tee/soft/attester/device_dir.h"
#include "tee/soft/attester/files.h"

namespace ward::soft {
namespace {

using crypto::PrivateKey;

Result<dcap::QeIdentity, std::string> read_identity(const std::string& path) {
  WARD_TRY(const SecretBytes octets, read_public(path));
  auto identity = dcap::parse_qe_identity(octets.expose());
  if (!identity) return foreign(path, to_text(identity.error()));
  return *std::move(identity);
}

Result<Secret<32>, std::string> read_device_root(const std::string& path) {
  WARD_TRY(const SecretBytes octets, read_secret(path));
  Secret<32> out;
  if (octets.size() != out.expose().size()) return foreign(path, "not 32 octets");
  std::ranges::copy(octets.expose(), out.expose_mut().begin());
  return out;
}

Result<IntelParts, std::string> read_intel(const std::string& device) {
  WARD_TRY(PrivateKey pck, read_key(device + "/pck.pk8"));
  WARD_TRY(const SecretBytes chain, read_public(device + "/pck_chain.pem"));
  WARD_TRY(dcap::QeIdentity qe, read_identity(device + "/qe_identity.json"));
  WARD_TRY(dcap::QeIdentity td_qe, read_identity(device + "/td_qe_identity.json"));
  return IntelParts{.pck = std::move(pck),
                    .pck_chain_pem = std::string(as_text(chain.expose())),
                    .qe_identity = std::move(qe),
                    .td_qe_identity = std::move(td_qe)};
}

Result<AmdParts, std::string> read_amd(const std::string& device) {
  WARD_TRY(PrivateKey vcek, read_key(device + "/vcek.pk8"));
  WARD_TRY(PrivateKey vlek, read_key(device + "/vlek.pk8"));
  WARD_TRY(const auto vcek_chain, read_chain(device + "/vcek_chain.pem"));
  WARD_TRY(const auto vlek_chain, read_chain(device + "/vlek_chain.pem"));
  AmdCollateral certificates;
  certificates.vcek = vcek_chain[0].der;
  certificates.ask = vcek_chain[1].der;
  certificates.ark = vcek_chain[2].der;
  certificates.vlek = vlek_chain[0].der;
  certificates.asvk = vlek_chain[1].der;
  return AmdParts{std::move(vcek), std::move(vlek), std::move(certificates)};
}

}  // namespace

std::optional<std::string> exposed_secret(const std::string& dir) {
  for (const char* name : {"device_root", "pck.pk8", "vcek.pk8", "vlek.pk8"}) {
    const std::string path = dir + "/device/" + name;

    struct stat info {};

    if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 077U) != 0) return path;
  }
  return std::nullopt;
}

Result<std::unique_ptr<const Platform>, std::string> open_platform(const std::string& dir) {
  const std::string device = dir + "/device";
  WARD_TRY(Secret<32> root, read_device_root(device + "/device_root"));
  std::error_code failed;
  std::optional<IntelParts> intel;
  std::optional<AmdParts> amd;
  if (std::filesystem::exists(device + "/pck_chain.pem", failed)) {
    WARD_TRY(intel, read_intel(device));
  }
  if (std::filesystem::exists(device + "/vcek_chain.pem", failed)) {
    WARD_TRY(amd, read_amd(device));
  }
  if (!intel && !amd) return foreign(device, "no processor's certificates");
  auto platform = Platform::create(std::move(root), std::move(intel), std::move(amd));
  if (!platform) return device + ": " + platform.error().what();
  return *std::move(platform);
}

}  // namespace ward::soft
