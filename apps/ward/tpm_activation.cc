#include "apps/ward/tpm_activation.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/ward/attest_tpm.h"
#include "apps/ward/evidence_input.h"
#include "apps/ward/input.h"
#include "apps/ward/key_files.h"
#include "apps/ward/output_file.h"
#include "apps/ward/sealed_cli.h"
#include "apps/ward/tpm_files.h"
#include "args/args.h"
#include "base/shell_word.h"
#include "codec/pem.h"
#include "crypto/rng.h"
#include "tee/tpm/attester/esys_device.h"
#include "tee/tpm/credential.h"
#include "tee/tpm/ek.h"
#include "tee/tpm/evidence.h"
#include "tee/x509/anchors.h"

// ward tpm challenge|respond|accept: an AK is taken for that of the TPM whose EK a maker certified.
namespace ward::cli {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 16U;

struct ChallengeOptions {
  std::string ek_cert;
  std::vector<std::string> ek_roots;
  std::vector<std::string> collateral;
  std::string at;
  std::string ak;
  std::string out;
  std::string secret;
  bool require_crl = false;
  bool force = false;
  bool json = false;
};

struct RespondOptions {
  std::string credential;
  std::string ak;
  std::string ek;
  std::string tcti;
  std::string out;
  bool force = false;
  bool json = false;
};

struct AcceptOptions {
  std::string response;
  std::string secret;
  std::string out;
  bool force = false;
  bool json = false;
};

Result<Buffer, int> read(const std::string& path) {
  auto out = read_file(path, kMaxFile);
  if (!out) return fail(kCouldNotTell, path + ": " + error_text(out.error()));
  return *std::move(out);
}

// The area that a file holds: TPM2B_PUBLIC, or what a quote carries of its AK.
std::optional<Buffer> area_in(Bytes file) {
  Reader r(file);
  Bytes area;
  if (tpm::read_2b(r, tpm::kMaxPublic, area) && r.empty()) return to_buffer(area);
  auto evidence = tpm::parse_evidence(file);
  if (!evidence || evidence->form != tpm::Form::kOwn) return std::nullopt;
  return std::move(evidence->ak);
}

// The AK that is challenged. Any other key in the TPM could be activated just as well.
Result<tpm::Public, int> read_ak(const std::string& path) {
  WARD_TRY(const Buffer file, read(path));
  const auto octets = area_in(file);
  auto area = octets ? tpm::parse_public(*octets)
                     : Result<tpm::Public>(Error(Errc::kMalformed, "no public area"));
  if (!area) {
    return fail(kRefused, path + ": no AK with its attributes: " + error_text(area.error()),
                "its TPM2B_PUBLIC (tpm2_createak -u, tpm2_readpublic -o), or a quote of `ward "
                "attest --tee tpm`; PEM has no attributes");
  }
  if (const std::string fault = tpm::ak_fault(*area); !fault.empty()) {
    return fail(kRefused, path + ": no AK: " + fault,
                "have one made as tpm2_createak and `ward attest --tee tpm` make it");
  }
  if (const auto key = area->key(); !key) {
    return fail(kRefused, path + ": " + error_text(key.error()));
  }
  return *std::move(area);
}

// Roots names them: whom to trust, and the certificates themselves.
struct Roots {
  std::vector<attest::Anchor> anchors;
  attest::Collateral documents;
};

Result<Roots, int> read_roots(const ChallengeOptions& o) {
  Roots out;
  for (const std::string& path : o.ek_roots) {
    auto text = read_file(path, attest::kMaxDocumentBytes);
    auto roots = text ? x509::hardware_anchors(as_text(*text), "tpm")
                      : Result<std::vector<attest::Anchor>>(text.error());
    if (!roots) {
      return own_file_failure(path, roots.error(),
                              "--ek-root takes a PEM file with roots of a TPM's maker");
    }
    std::ranges::move(*roots, std::back_inserter(out.anchors));
    out.documents.documents.push_back({.name = path, .bytes = *std::move(text)});
  }
  WARD_TRY(attest::Collateral more, read_all_collateral(o.collateral, {}));
  std::ranges::move(more.documents, std::back_inserter(out.documents.documents));
  return out;
}

Result<tpm::Ek, int> read_ek(const ChallengeOptions& o) {
  const auto at = o.at.empty() ? std::optional(system_now()) : parse_rfc3339(o.at);
  if (!at) return not_a_time("--at", o.at);
  WARD_TRY(Buffer file, read(o.ek_cert));
  WARD_TRY(const Roots roots, read_roots(o));
  const attest::Document document{.name = o.ek_cert, .bytes = std::move(file)};
  auto ek = tpm::judge_ek({.certificate = document,
                           .collateral = roots.documents,
                           .anchors = roots.anchors,
                           .now = *at,
                           .require_crl = o.require_crl});
  if (ek) return *std::move(ek);
  if (!ek.error().absent) {
    return fail(kRefused, "the EK's certificate is refused: " + ek.error().what);
  }
  return fail(kCouldNotTell, "the EK's certificate cannot be judged: missing: " + ek.error().what,
              "--collateral takes the certificates between it and the root, and revocation lists");
}

int challenge(const ChallengeOptions& o) {
  protect_process();
  const auto ak = read_ak(o.ak);
  if (!ak) return ak.error();
  const auto ek = read_ek(o);
  if (!ek) return ek.error();
  crypto::SystemRng rng;
  const tpm::Challenge kept{.secret = crypto::random_secret(rng, tpm::kCredentialSecret),
                            .ak = tpm::write_public(*ak)};
  const auto credential = tpm::make_credential(ek->key, ak->name(), kept.secret.expose(), rng);
  if (!credential) return fail(kRefused, o.ek_cert + ": " + error_text(credential.error()));
  const Buffer file = tpm::write_credential(*credential);
  const SecretBytes secret = tpm::write_challenge(kept);
  const int code = write_tpm_files({{&o.out, file, OutputFile::Readers::kUmask},
                                    {&o.secret, secret.expose(), OutputFile::Readers::kOwner}},
                                   o.force);
  if (code != kAccepted) return code;
  std::string text =
      "challenged the AK " + to_hex(ak->name()) + "\n  in the TPM of " + for_terminal(ek->maker);
  for (const std::string& issuer : ek->unlisted) {
    text += "\n  not looked at: revocation by " + for_terminal(issuer);
  }
  return say_tpm({.command = "challenge",
                  .files = {{"credential", o.out}, {"secret", o.secret}},
                  .text = text + '\n',
                  .ak_name = to_hex(ak->name()),
                  .tpm = ek->maker,
                  .unlisted = ek->unlisted,
                  .next = "ward tpm respond " + shell_path(o.out) + " --ak KEY -o RESPONSE"},
                 o.json);
}

int respond(const RespondOptions& o) {
  protect_process();
  const auto ak = ak_of(o.ak);
  const auto ek = o.ek.empty() ? std::nullopt : handle_of(o.ek);
  if (!ak) return fail(kUsage, "--ak " + o.ak + ": no key", kAkHint);
  if (!o.ek.empty() && !ek) {
    return fail(kUsage, "--ek " + o.ek + ": no persistent handle", "0x81010001, or leave it out");
  }
  const auto file = read(o.credential);
  if (!file) return file.error();
  const auto credential = tpm::read_credential(*file);
  if (!credential) {
    return fail(kRefused, o.credential + ": no credential: " + error_text(credential.error()),
                "the file of `ward tpm challenge` or tpm2_makecredential");
  }
  const auto device = open_tpm(o.tcti);
  if (!device) return device.error();
  const auto secret = (*device)->activate(*ak, ek, *credential);
  if (secret) {
    const int code =
        write_tpm_files({{&o.out, secret->expose(), OutputFile::Readers::kOwner}}, o.force);
    if (code != kAccepted) return code;
    return say_tpm({.command = "respond", .files = {{"response", o.out}}}, o.json);
  }
  const Error& error = secret.error();
  if (error.code() == Errc::kUntrusted) {
    return fail(kRefused, o.credential + ": the TPM does not open it: " + error_text(error),
                "it was made for another EK (--ek) or another AK (--ak) than these");
  }
  return fail(kCouldNotTell, error_text(error),
              error.code() == Errc::kUnsupported
                  ? "--ek takes the handle of the EK that the certificate is of: 0x81010016"
                  : "--ak and --ek name keys that are in the TPM (tpm2_getcap handles-persistent)");
}

int accept(const AcceptOptions& o) {
  protect_process();
  const auto file = read_secret(o.secret, kMaxFile);
  if (!file) return own_file_failure(o.secret, file.error());
  const auto kept = tpm::read_challenge(file->expose());
  if (!kept) {
    return own_file_failure(o.secret, kept.error(), "the --secret file of `ward tpm challenge`");
  }
  const auto area = tpm::parse_public(kept->ak);
  const auto key = area ? area->key() : Result<crypto::PublicKey>(area.error());
  if (!key) return own_file_failure(o.secret, key.error());
  const auto response = read_secret(o.response, kMaxFile);
  if (!response) return fail(kCouldNotTell, o.response + ": " + error_text(response.error()));
  if (!ct_equal(response->expose(), kept->secret.expose())) {
    return fail(kRefused, o.response + ": another secret than the challenge's",
                "this AK has not been shown to be in that TPM: trust it in nothing");
  }
  const std::string pem = codec::to_pem("PUBLIC KEY", key->to_spki());
  const int code = write_tpm_files({{&o.out, as_bytes(pem), OutputFile::Readers::kUmask}}, o.force);
  if (code != kAccepted) return code;
  const std::string name = to_hex(area->name());
  return say_tpm({.command = "accept",
                  .files = {{"ak", o.out}},
                  .text = "the AK " + name + " is in the TPM that was challenged\n",
                  .ak_name = name,
                  .next = "ward verify EVIDENCE --hardware-root tpm=" + shell_path(o.out)},
                 o.json);
}

void add_challenge(args::Command& tpm, Action& action) {
  const auto o = std::make_shared<ChallengeOptions>();
  args::Command* c = tpm.add_subcommand(
      "challenge", "hide a secret for the TPM of an EK that holds an AK: credential activation");
  c->add_option("--ek-cert", o->ek_cert, "the EK's certificate, PEM or DER")
      ->required()
      ->type_name("FILE");
  c->add_option("--ek-root", o->ek_roots,
                "PEM file with roots of the TPM's maker, for which you vouch; may be given several "
                "times")
      ->required()
      ->allow_extra_args(false)
      ->type_name("FILE");
  c->add_option("--collateral", o->collateral,
                "certificates between them, and revocation lists; may be given several times")
      ->allow_extra_args(false)
      ->type_name("DIR|FILE");
  c->add_flag("--require-crl", o->require_crl, "refuse to go on without revocation lists");
  c->add_option("--at", o->at,
                "judge the EK's certificates as of this time (RFC 3339, UTC); now if not given");
  c->add_option("--ak", o->ak, "the AK: TPM2B_PUBLIC, or a quote that carries it")
      ->required()
      ->type_name("FILE");
  c->add_option("-o,--output", o->out, "where the credential goes, as tpm2_makecredential's")
      ->required()
      ->type_name("FILE");
  c->add_option("--secret", o->secret, "where the secret and the AK go, for `ward tpm accept`")
      ->required()
      ->type_name("FILE");
  c->add_flag("--force", o->force, "replace files that exist");
  c->add_flag("--json", o->json, "print one JSON object (ward.tpm/1)");
  c->callback([o, &action] { action = [o] { return challenge(*o); }; });
}

void add_respond(args::Command& tpm, Action& action) {
  const auto o = std::make_shared<RespondOptions>();
  args::Command* c =
      tpm.add_subcommand("respond", "have this machine's TPM open a credential for its AK");
  c->add_option("credential", o->credential, "the credential")->required()->type_name("FILE");
  c->add_option("--ak", o->ak, "the AK: as for ward attest: ecc, rsa, or a persistent handle")
      ->required();
  c->add_option("--ek", o->ek, "the EK's persistent handle; else it is made by its template");
  c->add_option("--tcti", o->tcti, "where the TPM is (device:/dev/tpmrm0)");
  c->add_option("-o,--output", o->out, "where the response goes")->required()->type_name("FILE");
  c->add_flag("--force", o->force, "replace a file that exists");
  c->add_flag("--json", o->json, "print one JSON object (ward.tpm/1)");
  c->callback([o, &action] { action = [o] { return respond(*o); }; });
}

void add_accept(args::Command& tpm, Action& action) {
  const auto o = std::make_shared<AcceptOptions>();
  args::Command* c = tpm.add_subcommand(
      "accept", "compare a response with the secret, and write the AK for --hardware-root");
  c->add_option("--response", o->response, "what came back")->required()->type_name("FILE");
  c->add_option("--secret", o->secret, "the file of `ward tpm challenge`")
      ->required()
      ->type_name("FILE");
  c->add_option("-o,--output", o->out, "where the AK goes, as PEM PUBLIC KEY")
      ->required()
      ->type_name("FILE");
  c->add_flag("--force", o->force, "replace a file that exists");
  c->add_flag("--json", o->json, "print one JSON object (ward.tpm/1)");
  c->callback([o, &action] { action = [o] { return accept(*o); }; });
}

}  // namespace

void add_tpm_activation(args::Command& tpm, Action& action) {
  add_challenge(tpm, action);
  add_respond(tpm, action);
  add_accept(tpm, action);
}

}  // namespace ward::cli
