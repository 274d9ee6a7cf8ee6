#include <algorithm>
#include <memory>
#include <string>

#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "apps/ward/keep_cli.h"
#include "apps/ward/key_files.h"
#include "apps/ward/new_file.h"
#include "apps/ward/soft_tee.h"
#include "args/args.h"
#include "keep/runtime.h"
#include "tee/sgx/sigstruct.h"
#include "tee/snp/id_block.h"
#include "tee/snp/measure.h"
#include "tee/soft/processor.h"
#include "tee/soft/snp_guest.h"

// ward dev sign: who vouches for ward-keep, in the form that a processor checks at launch.
namespace ward::cli {
namespace {

struct Options {
  std::string tee = "soft-sgx";
  std::string key;
  std::string author_key;
  std::string agent;
  std::string out;
  std::uint32_t isv_prod_id = 0;
  std::uint32_t isv_svn = 0;
  bool debug = false;
};

constexpr std::uint32_t kMaxNumber = 0xffff;
constexpr std::uint32_t kIntel = 0x8086;
constexpr std::uint8_t kInit = 1;  // of ATTRIBUTES: EINIT itself sets it

// Signed is what is written, and how a policy names who signed it.
struct Signed {
  Buffer octets;
  std::string field;
  Buffer signer;
  std::string author;  // SNP: the digest of who signed the signer's key, in hex; else empty
};

// runtime_of measures ward-keep as a keep's launcher does.
Result<Buffer, keep::Failure> runtime_of(const std::string& agent) {
  keep::Manifest manifest;
  manifest.name = "ward-keep";
  manifest.argv = {keep::kAgentPath};
  WARD_TRY(const keep::UniqueFd root, open_root("/"));
  keep::LaunchRequest request{.manifest = &manifest, .root_fd = root.get()};
  request.agent = agent.empty() ? program_beside("ward-keep") : agent;
  WARD_TRY(keep::Measured measured, keep::measure(request));
  return std::move(measured.runtime);
}

// bcd_date is a day as SIGSTRUCT writes it: 20261129 in hexadecimal digits.
std::uint32_t bcd_date(UnixTime now) {
  std::uint32_t out = 0;
  for (const char c : format_rfc3339(now).substr(0, 10)) {
    if (c != '-') out = out << 4U | static_cast<std::uint32_t>(c - '0');
  }
  return out;
}

Result<Signed> sign_for_sgx(const Options& options, Bytes runtime, const crypto::PrivateKey& key) {
  soft::EnclaveIdentity enclave;
  enclave.debug = options.debug;
  sgx::Sigstruct parts;
  parts.vendor = kIntel;
  parts.date = bcd_date(system_now());
  parts.enclave_hash = soft::mr_enclave_of(runtime);
  parts.attributes = enclave.attributes();
  parts.attributes[0] &= static_cast<std::uint8_t>(~kInit);
  std::fill_n(parts.attribute_mask.begin(), 8, std::uint8_t{0xff});  // FLAGS, DEBUG in it; not XFRM
  parts.misc_mask.fill(0xff);
  parts.isv_prod_id = static_cast<std::uint16_t>(options.isv_prod_id);
  parts.isv_svn = static_cast<std::uint16_t>(options.isv_svn);
  Signed out{.octets = {}, .field = "MRSIGNER", .signer = {}, .author = {}};
  WARD_TRY(out.octets, sgx::sign_sigstruct(parts, key));
  WARD_TRY(const sgx::Sigstruct made, sgx::parse_sigstruct(out.octets));
  out.signer = to_buffer(made.mr_signer());
  return out;
}

Result<Signed> sign_for_snp(const Options& options, Bytes runtime, const crypto::PrivateKey& key,
                            const crypto::PrivateKey* author) {
  snp::IdBlock block;
  block.launch_digest = snp::launch_digest(runtime);
  block.image_id[0] = static_cast<std::uint8_t>(options.isv_prod_id);
  block.image_id[1] = static_cast<std::uint8_t>(options.isv_prod_id >> 8U);
  block.guest_svn = options.isv_svn;
  block.policy = soft::guest_policy_of(options.debug);
  WARD_TRY(const snp::IdAuth auth, snp::sign_id_block(block, key, author));
  return Signed{.octets = concat({snp::write_id_block(block), snp::write_id_auth(auth)}),
                .field = "ID_KEY_DIGEST",
                .signer = to_buffer(auth.id_key_digest()),
                .author = author == nullptr ? "" : to_hex(auth.author_key_digest())};
}

Result<Signed> sign(const Options& options, Bytes runtime, const crypto::PrivateKey& key,
                    const crypto::PrivateKey* author) {
  return options.tee == "soft-sgx" ? sign_for_sgx(options, runtime, key)
                                   : sign_for_snp(options, runtime, key, author);
}

int no_such_key(const Options& options, const Error& error) {
  return own_file_failure(
      options.key, error,
      options.tee == "soft-sgx"
          ? "`openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -pkeyopt "
            "rsa_keygen_pubexp:3` makes one"
          : "`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384` makes one");
}

int run(const Options& options) {
  if (options.tee != "soft-sgx" && options.tee != "soft-snp") {
    return fail(kUsage, "--tee: soft-sgx or soft-snp, not " + options.tee,
                "soft-sgx and soft-snp are for all their formats; on TDX nobody signs the launch");
  }
  if (!options.author_key.empty() && options.tee != "soft-snp") {
    return fail(kUsage, "--author-key is for soft-snp alone");
  }
  const auto key = read_signing_key(options.key);
  if (!key) return no_such_key(options, key.error());
  std::optional<crypto::PrivateKey> author;
  if (!options.author_key.empty()) {
    auto read = read_signing_key(options.author_key);
    if (!read) return own_file_failure(options.author_key, read.error());
    if (read->type() != crypto::KeyType::kP384) {
      return fail(kUsage, options.author_key + ": not a P-384 private key");
    }
    author.emplace(*std::move(read));
  }
  const auto runtime = runtime_of(options.agent);
  if (!runtime) return fail_with(runtime.error());
  const auto made = sign(options, *runtime, *key, author ? &*author : nullptr);
  if (!made) return no_such_key(options, made.error());
  if (const int code = write_new_files({{options.out, std::string(as_text(made->octets))}});
      code != kAccepted) {
    return code;
  }
  std::string text = made->field + " " + to_hex(made->signer) + "\n";
  if (!made->author.empty()) text += "AUTHOR_KEY_DIGEST " + made->author + "\n";
  return print(text);
}

}  // namespace

void add_dev_sign(args::Command& dev, Action& action) {
  const auto options = std::make_shared<Options>();
  args::Command* made = dev.add_subcommand(
      "sign", "sign ward-keep for `ward keep run --launch-signature`, and print who signed");
  made->add_option("--tee", options->tee,
                   "soft-sgx: SIGSTRUCT; soft-snp: ID block and ID authentication information");
  made->add_option("--key", options->key,
                   "private key (PEM): RSA of 3072 bits with exponent 3, or P-384")
      ->required();
  made->add_option("--author-key", options->author_key, "P-384 key that signs the ID key (SNP)");
  made->add_option("--isv-prod-id", options->isv_prod_id,
                   "ISVPRODID; SNP: the first two octets of IMAGE_ID, little endian (0)")
      ->in_range(0, kMaxNumber);
  made->add_option("--isv-svn", options->isv_svn, "ISVSVN, GUEST_SVN (0)")->in_range(0, kMaxNumber);
  made->add_flag("--debug", options->debug, "for debug keeps, and no others");
  made->add_option("--agent", options->agent, "the ward-keep program");
  made->add_option("-o,--output", options->out, "a new file")->required();
  made->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace ward::cli
