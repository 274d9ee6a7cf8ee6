#include "tee/soft/attester/device_dir.h"

#include <filesystem>
#include <functional>
#include <vector>

#include "codec/pem.h"
#include "pki/certificate.h"
#include "tee/soft/attester/files.h"
#include "tee/soft/maker_keys.h"

namespace ward::soft {
namespace {

namespace fs = std::filesystem;
using crypto::PrivateKey;

std::string error_text(const char* what, const Error& error) {
  return std::string(what) + ": " + error.what();
}

std::string pem_of(Bytes der) { return codec::to_pem("CERTIFICATE", der); }

// Everything that will stand in a folder: it is written once all of it could be made.
class Contents {
 public:
  void add(const char* name, Bytes bytes) { public_.push_back({name, to_buffer(bytes)}); }

  void add(const char* name, const std::string& text) { add(name, as_bytes(text)); }

  void add_secret(const char* name, SecretBytes bytes) {
    secret_.push_back({name, std::move(bytes)});
  }

  void add_root(const std::string& pem) { roots_ += pem; }

  [[nodiscard]] Result<void, std::string> write(const std::string& dir) const {
    WARD_CHECK_OK(write_file(dir + "/root.pem", as_bytes(roots_), kPublicFile));
    for (const auto& [name, bytes] : public_) {
      WARD_CHECK_OK(write_file(dir + "/" + name, bytes, kPublicFile));
    }
    for (const auto& [name, bytes] : secret_) {
      WARD_CHECK_OK(write_file(dir + "/" + name, bytes.expose(), kSecretFile));
    }
    return {};
  }

 private:
  struct Public {
    std::string name;
    Buffer bytes;
  };

  struct Secret {
    std::string name;
    SecretBytes bytes;
  };

  std::string roots_;
  std::vector<Public> public_;
  std::vector<Secret> secret_;
};

Result<void> add_intel(const InitOptions& options, const RandomSource& source, Contents& out) {
  WARD_TRY(const DcapKeys keys, make_dcap_keys(source));
  WARD_TRY(const DcapWorld sgx,
           default_world(keys, options.from, options.days, *source.stream("intel platform")));
  WARD_TRY(const DcapCollateral made, sign_world(sgx, keys, source.signing()));
  WARD_TRY(const auto pck_chain, pki::parse_certificates(made.pck_chain_pem));
  const DcapWorld tdx = tdx_world(sgx);
  WARD_TRY(const TcbCollateral of_tdx,
           sign_documents(tdx.tcb_info, tdx.qe_identity, keys.tcb_signing, source.signing()));
  out.add_root(made.root_pem);
  out.add("collateral/root_ca.pem", made.root_pem);
  out.add("collateral/root_ca.crl", made.root_crl);
  out.add("collateral/pck_platform_ca.crl", made.pck_crl);
  out.add("collateral/pck_platform_ca.pem", pem_of(pck_chain.at(1).der) + made.root_pem);
  out.add("collateral/tcb_signing.pem", made.tcb_signing_pem);
  out.add("collateral/sgx_tcb_info.json", made.tcb_info);
  out.add("collateral/qe_identity.json", made.qe_identity);
  out.add("collateral/tdx_tcb_info.json", of_tdx.tcb_info);
  out.add("collateral/td_qe_identity.json", of_tdx.qe_identity);
  out.add("device/pck_chain.pem", made.pck_chain_pem);
  out.add("device/qe_identity.json", made.qe_identity);
  out.add("device/td_qe_identity.json", of_tdx.qe_identity);
  out.add_secret("device/pck.pk8", keys.pck.to_pkcs8());
  out.add_secret("ca/root.pk8", keys.root.to_pkcs8());
  out.add_secret("ca/pck_ca.pk8", keys.pck_ca.to_pkcs8());
  out.add_secret("ca/tcb_signing.pk8", keys.tcb_signing.to_pkcs8());
  return {};
}

Result<void> add_amd(const InitOptions& options, const RandomSource& source, Contents& out) {
  constexpr AmdFace kFace{.line = snp::Line::kGenoa};
  WARD_TRY(const AmdKeys keys, make_amd_keys(source));
  WARD_TRY(const AmdWorld world, default_amd_world(keys, kFace, options.from, options.days,
                                                   *source.stream("amd platform")));
  WARD_TRY(const AmdCollateral made, sign_amd_world(world, keys, source.signing()));
  const std::string ark = pem_of(made.ark);
  out.add_root(ark);
  out.add("collateral/ark.pem", ark);
  out.add("collateral/ask.der", made.ask);
  out.add("collateral/asvk.der", made.asvk);
  out.add("collateral/vcek.der", made.vcek);
  out.add("collateral/vlek.der", made.vlek);
  out.add("collateral/amd_crl.der", made.crl);
  out.add("device/vcek_chain.pem", pem_of(made.vcek) + pem_of(made.ask) + ark);
  out.add("device/vlek_chain.pem", pem_of(made.vlek) + pem_of(made.asvk) + ark);
  out.add_secret("device/vcek.pk8", keys.vcek.to_pkcs8());
  out.add_secret("device/vlek.pk8", keys.vlek.to_pkcs8());
  out.add_secret("ca/ark.pk8", keys.ark.to_pkcs8());
  out.add_secret("ca/ask.pk8", keys.ask.to_pkcs8());
  out.add_secret("ca/asvk.pk8", keys.asvk.to_pkcs8());
  return {};
}

void add_device_root(crypto::Rng& rng, Contents& out) {
  SecretBytes root(32);
  rng.fill(root.expose_mut());
  out.add_secret("device/device_root", std::move(root));
}

Result<Contents, std::string> contents_of(const InitOptions& options, const RandomSource& source) {
  Contents contents;
  if (options.intel) {
    const auto done = add_intel(options, source, contents);
    if (!done) return error_text("the platform's SGX and TDX part", done.error());
  }
  if (options.amd) {
    const auto done = add_amd(options, source, contents);
    if (!done) return error_text("the platform's SEV-SNP part", done.error());
  }
  add_device_root(*source.stream("device root"), contents);
  return contents;
}

Result<void, std::string> write_platform(const std::string& dir, const Contents& contents) {
  WARD_CHECK_OK(make_folder(dir + "/collateral", kPublicFolder));
  WARD_CHECK_OK(make_folder(dir + "/device", kSecretFolder));
  WARD_CHECK_OK(make_folder(dir + "/ca", kSecretFolder));
  return contents.write(dir);
}

Result<void, std::string> add_outdated_intel(const std::string& maker, crypto::Rng& rng,
                                             Contents& out) {
  WARD_TRY(const PrivateKey ca, read_key(maker + "/ca/pck_ca.pk8"));
  WARD_TRY(const auto chain, read_chain(maker + "/device/pck_chain.pem"));
  WARD_TRY(const SecretBytes qe, read_public(maker + "/device/qe_identity.json"));
  WARD_TRY(const SecretBytes td_qe, read_public(maker + "/device/td_qe_identity.json"));
  const auto pck = PrivateKey::generate(crypto::KeyType::kP256, rng);
  if (!pck) return error_text("keys", pck.error());
  const auto made = outdated_chain(chain, ca, pck->public_key().to_spki(), rng);
  if (!made) return error_text("the platform's SGX and TDX part", made.error());
  out.add("device/pck_chain.pem", *made);
  out.add("device/qe_identity.json", qe.expose());
  out.add("device/td_qe_identity.json", td_qe.expose());
  out.add_secret("device/pck.pk8", pck->to_pkcs8());
  return {};
}

// For VCEK and VLEK: the names of files in the maker's folder and of those that are made.
struct VekFiles {
  const char* issuer_key;
  const char* chain;
  const char* certificate;
  const char* key;
};

Result<void, std::string> add_outdated_vek(const std::string& maker, const VekFiles& files,
                                           const Buffer& chip, crypto::Rng& rng, Contents& out) {
  WARD_TRY(const PrivateKey issuer, read_key(maker + "/" + files.issuer_key));
  WARD_TRY(const auto chain, read_chain(maker + "/" + files.chain));
  const auto key = PrivateKey::generate(crypto::KeyType::kP384, rng);
  if (!key) return error_text("keys", key.error());
  const auto made = outdated_vek(chain[0], issuer, key->public_key().to_spki(), chip, rng);
  if (!made) return error_text("the platform's SEV-SNP part", made.error());
  out.add(files.chain, pem_of(*made) + pem_of(chain[1].der) + pem_of(chain[2].der));
  out.add(files.certificate, *made);
  out.add_secret(files.key, key->to_pkcs8());
  return {};
}

Result<void, std::string> add_outdated_amd(const std::string& maker, crypto::Rng& rng,
                                           Contents& out) {
  const Buffer chip = development_chip_id(rng);
  constexpr VekFiles kVcek{"ca/ask.pk8", "device/vcek_chain.pem", "collateral/vcek.der",
                           "device/vcek.pk8"};
  constexpr VekFiles kVlek{"ca/asvk.pk8", "device/vlek_chain.pem", "collateral/vlek.der",
                           "device/vlek.pk8"};
  WARD_CHECK_OK(add_outdated_vek(maker, kVcek, chip, rng, out));
  return add_outdated_vek(maker, kVlek, chip, rng, out);
}

// Copies the makers' public files: they are the same for all their platforms, but for what names
// the platform itself.
Result<void, std::string> copy_public(const std::string& dir, const std::string& maker) {
  std::error_code failed;
  fs::copy(maker + "/collateral", dir + "/collateral", failed);
  for (const char* own : {"/collateral/vcek.der", "/collateral/vlek.der"}) {
    if (!failed) fs::remove(dir + own, failed);
  }
  if (failed) return maker + ": cannot be copied: " + failed.message();
  return {};
}

Result<Contents, std::string> outdated_contents(const std::string& maker, crypto::Rng& rng) {
  std::error_code failed;
  const bool intel = fs::exists(maker + "/ca/pck_ca.pk8", failed);
  const bool amd = fs::exists(maker + "/ca/ask.pk8", failed);
  if (!intel && !amd) return foreign(maker, "there is no key in its ca/");
  Contents contents;
  if (intel) WARD_CHECK_OK(add_outdated_intel(maker, rng, contents));
  if (amd) WARD_CHECK_OK(add_outdated_amd(maker, rng, contents));
  add_device_root(rng, contents);
  WARD_TRY(const SecretBytes roots, read_public(maker + "/root.pem"));
  contents.add_root(std::string(as_text(roots.expose())));
  return contents;
}

// make_dir fills a new or empty folder, and leaves nothing behind where that fails. Keys take
// seconds: the folder is made once they are there, so that who interrupts it finds none.
Result<void, std::string> make_dir(
    const std::string& dir, const std::function<Result<Contents, std::string>()>& make_contents,
    const std::function<Result<void, std::string>(const Contents&)>& write) {
  std::error_code failed;
  const bool existed = fs::exists(dir, failed);
  if (existed && (!fs::is_directory(dir, failed) || !fs::is_empty(dir, failed))) {
    return dir + ": exists and is not an empty folder; nothing was changed";
  }
  WARD_TRY(const Contents contents, make_contents());
  if (!existed) WARD_CHECK_OK(make_folder(dir, kPublicFolder));
  auto done = write(contents);
  if (!done) {
    for (const char* entry : {"/collateral", "/device", "/ca", "/root.pem"}) {
      fs::remove_all(dir + entry, failed);
    }
    if (!existed) fs::remove(dir, failed);
  }
  return done;
}

}  // namespace

Result<void, std::string> init(const std::string& dir, const InitOptions& options,
                               const RandomSource& source) {
  return make_dir(
      dir, [&] { return contents_of(options, source); },
      [&](const Contents& contents) { return write_platform(dir, contents); });
}

Result<void, std::string> make_outdated(const std::string& dir, const std::string& maker,
                                        crypto::Rng& rng) {
  return make_dir(
      dir, [&] { return outdated_contents(maker, rng); },
      [&](const Contents& contents) -> Result<void, std::string> {
        WARD_CHECK_OK(copy_public(dir, maker));
        WARD_CHECK_OK(make_folder(dir + "/device", kSecretFolder));
        return contents.write(dir);
      });
}

}  // namespace ward::soft
