#include <algorithm>
#include <memory>
#include <string>

#include "apps/ward/commands.h"
#include "apps/ward/key_files.h"
#include "apps/ward/output_file.h"
#include "apps/ward/sealed_cli.h"
#include "args/args.h"
#include "codec/json_write.h"
#include "codec/pem.h"
#include "crypto/rng.h"
#include "token/jwk.h"

// ward key new|public: keys for sealed files.
namespace ward::cli {
namespace {

constexpr std::size_t kResourceKeyBytes = 32;

struct Options {
  std::string kind = "recipient";
  std::string file;
  std::string format = "jwk";
  bool force = false;
  bool json = false;
};

std::string public_jwk(const crypto::PublicKey& key) {
  return token::to_json({.key = key,
                         .kid = token::thumbprint(key),
                         .alg = "ECDH-ES+A256KW",
                         .use = "enc",
                         .key_ops = {}});
}

std::string in_format(const crypto::PublicKey& key, const std::string& format) {
  if (format == "pem") return codec::to_pem("PUBLIC KEY", key.to_spki());
  if (format == "spki-base64") return to_base64(key.to_spki(), Base64::kStandard) + '\n';
  return public_jwk(key) + '\n';
}

int print_json(const Options& options, const crypto::PublicKey* key) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.key/1").member("kind", options.kind);
  w.member("file", options.file);
  if (key != nullptr) {
    w.member("kid", token::thumbprint(*key)).name("jwk").raw_json(public_jwk(*key));
    w.member("pem", in_format(*key, "pem"))
        .member("spki_base64", to_base64(key->to_spki(), Base64::kStandard));
  }
  const auto text = w.end_object().take();
  return text ? print(*text + '\n') : fail(kCouldNotTell, error_text(text.error()));
}

// PEM (RFC 7468) in memory that is wiped; to_pem of src/codec would leave it in a string.
SecretBytes private_pem(const crypto::PrivateKey& key) {
  constexpr std::size_t kLine = 64;
  const SecretBytes base64 = secret_base64(key.to_pkcs8().expose());
  const std::size_t lines = (base64.size() + kLine - 1) / kLine;
  constexpr std::string_view kBegin = "-----BEGIN PRIVATE KEY-----\n";
  constexpr std::string_view kEnd = "-----END PRIVATE KEY-----\n";
  SecretBytes out(kBegin.size() + base64.size() + lines + kEnd.size());
  auto at = std::ranges::copy(as_bytes(kBegin), out.expose_mut().begin()).out;
  for (std::size_t from = 0; from < base64.size(); from += kLine) {
    const std::size_t size = std::min(kLine, base64.size() - from);
    at = std::ranges::copy(base64.expose().subspan(from, size), at).out;
    *at++ = '\n';
  }
  std::ranges::copy(as_bytes(kEnd), at);
  return out;
}

int write_new(const Options& options, Bytes content) {
  auto out = prepare_output(options.file, options.force, OutputFile::Readers::kOwner);
  auto done = out ? out->write(content) : Result<void>(out.error());
  if (done) done = out->commit(options.force);
  if (done) return kAccepted;
  const bool taken = done.error().code() == Errc::kDenied;
  return fail(taken ? kUsage : kCouldNotTell, options.file + ": " + error_text(done.error()),
              taken ? "--force replaces it: what was sealed to it can then not be opened" : "");
}

int print_public(const Options& options, const crypto::PublicKey& key) {
  return options.json ? print_json(options, &key) : print(in_format(key, options.format));
}

int make(const Options& options) {
  protect_process();
  crypto::SystemRng rng;
  if (options.kind == "resource") {
    const int code = write_new(options, random_secret(rng, kResourceKeyBytes).expose());
    return code == kAccepted && options.json ? print_json(options, nullptr) : code;
  }
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
  if (!key) return fail(kCouldNotTell, error_text(key.error()));
  const int code = write_new(options, private_pem(*key).expose());
  return code == kAccepted ? print_public(options, key->public_key()) : code;
}

int show(const Options& options) {
  protect_process();
  const auto key = read_either_half(options.file);
  if (!key) return own_file_failure(options.file, key.error());
  return print_public(options, *key);
}

void add_format(args::Command& command, Options& options) {
  command
      .add_option("--format", options.format,
                  "jwk (default), pem, or spki-base64: one line, as a manifest names a receiver")
      ->one_of({"jwk", "pem", "spki-base64"})
      ->type_name("FORMAT");
  command.add_flag("--json", options.json, "print one JSON object (ward.key/1) with every format");
}

}  // namespace

void add_key(args::Command& app, Action& action) {
  auto options = std::make_shared<Options>();
  args::Command* group =
      app.add_subcommand("key", "make keys for sealed files, print their public half");
  group->require_subcommand(1);
  args::Command* make_command = group->add_subcommand(
      "new", "make a secret key (mode 0600); a recipient's public half is printed");
  make_command
      ->add_option("--kind", options->kind,
                   "recipient (default): P-256, PEM, for `ward open --identity`; or resource: 32 "
                   "octets, for `ward seal --key` and `ward secret put`")
      ->one_of({"recipient", "resource"})
      ->type_name("KIND");
  make_command->add_option("-o,--output", options->file, "where to write the secret key")
      ->required()
      ->type_name("FILE");
  make_command->add_flag("--force", options->force, "replace a file that exists");
  add_format(*make_command, *options);
  make_command->callback([options, &action] { action = [options] { return make(*options); }; });
  args::Command* show_command = group->add_subcommand(
      "public",
      "print a recipient's public key, from either half, in the format that is asked for");
  show_command->add_option("FILE", options->file, "private key (PEM) or public key (PEM, JWK)")
      ->required()
      ->type_name("");
  add_format(*show_command, *options);
  show_command->callback([options, &action] { action = [options] { return show(*options); }; });
}

}  // namespace ward::cli
