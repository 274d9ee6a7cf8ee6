#include <memory>
#include <string>
#include <vector>

#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "apps/ward/tpm_activation.h"
#include "apps/ward/tpm_files.h"
#include "args/args.h"
#include "codec/pem.h"
#include "tee/tpm/evidence.h"

// ward tpm pack|unpack: a quote's files, as tpm2-tools write and read them, and one file of
// evidence.
namespace ward::cli {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 16U;

struct Options {
  std::string evidence;
  std::string message;
  std::string signature;
  std::string pcrs;
  std::string ak;
  bool force = false;
  bool json = false;
};

int unreadable(const std::string& path, const Error& error) {
  return fail(kCouldNotTell, path + ": " + error_text(error));
}

// A whole file; `code` is set where it cannot be read.
Buffer read(const std::string& path, int& code) {
  if (code != kAccepted) return {};
  auto out = read_file(path, kMaxFile);
  if (out) return *std::move(out);
  code = unreadable(path, out.error());
  return {};
}

// The AK as TPM2B_PUBLIC, which is a size and a TPMT_PUBLIC, or as PEM, which has no attributes.
bool take_ak(Bytes file, tpm::Evidence& out) {
  Reader r(file);
  Bytes area;
  if (tpm::read_2b(r, tpm::kMaxPublic, area) && r.empty()) {
    out.ak = to_buffer(area);
    return tpm::parse_public(area).has_value();
  }
  const auto blocks = codec::parse_pem(as_text(file));
  if (!blocks || blocks->size() != 1 || blocks->front().label != "PUBLIC KEY") return false;
  out.form = tpm::Form::kTrustee;
  out.ak = blocks->front().der;
  return crypto::PublicKey::from_spki(out.ak).has_value();
}

int pack(const Options& o) {
  int code = kAccepted;
  tpm::Evidence out;
  out.attest = read(o.message, code);
  out.signature = read(o.signature, code);
  const Buffer pcrs = read(o.pcrs, code);
  const Buffer ak = read(o.ak, code);
  if (code != kAccepted) return code;
  const auto quote = tpm::parse_quote(out.attest);
  if (!quote)
    return fail(kRefused, o.message + ": no quote: " + error_text(quote.error()),
                "the message of tpm2_quote (-m)");
  if (!tpm::parse_signature(out.signature))
    return fail(kRefused, o.signature + ": no TPMT_SIGNATURE",
                "the signature of tpm2_quote (-s), without -f plain");
  if (!take_ak(ak, out))
    return fail(kRefused, o.ak + ": no AK",
                "its TPM2B_PUBLIC (tpm2_createak -u, tpm2_readpublic -o), or PEM PUBLIC KEY");
  auto values = read_tools_pcrs(pcrs, quote->pcr_select);
  if (!values)
    return fail(kRefused, o.pcrs + ": not the values of " + tpm::selection_text(quote->pcr_select),
                "the file of tpm2_quote (-o), of the same quote");
  out.pcrs = *std::move(values);
  const Buffer evidence = tpm::write_evidence(out);
  code = write_tpm_files({{&o.evidence, evidence}}, o.force);
  if (code != kAccepted) return code;
  return say_tpm({.command = "pack", .files = {{"evidence", o.evidence}}}, o.json);
}

int unpack(const Options& o) {
  int code = kAccepted;
  const Buffer file = read(o.evidence, code);
  if (code != kAccepted) return code;
  const auto evidence = tpm::parse_evidence(file);
  if (!evidence) return fail(kRefused, o.evidence + ": " + evidence.error());
  const auto quote = tpm::parse_quote(evidence->attest);
  const auto area = tpm::parse_public(evidence->ak);
  const bool own = evidence->form == tpm::Form::kOwn;
  auto key = own && area ? area->key() : crypto::PublicKey::from_spki(evidence->ak);
  if (!quote || !key) return fail(kRefused, o.evidence + ": no quote, or no AK that ward knows");
  const Buffer pcrs = write_tools_pcrs(evidence->pcrs, quote->pcr_select);
  const std::string pem = codec::to_pem("PUBLIC KEY", key->to_spki());
  code = write_tpm_files({{&o.message, evidence->attest},
                          {&o.signature, evidence->signature},
                          {&o.pcrs, pcrs},
                          {&o.ak, as_bytes(pem)}},
                         o.force);
  if (code != kAccepted) return code;
  return say_tpm({.command = "unpack",
                  .files = {{"message", o.message},
                            {"signature", o.signature},
                            {"pcrs", o.pcrs},
                            {"ak", o.ak}},
                  .ak_name = own ? to_hex(area->name()) : ""},
                 o.json);
}

void add_files(args::Command& command, Options& o, const char* ak) {
  command.add_option("--message", o.message, "the quote (TPMS_ATTEST)")->required();
  command.add_option("--signature", o.signature, "its signature (TPMT_SIGNATURE)")->required();
  command.add_option("--pcrs", o.pcrs, "the PCR values, as tpm2_quote -o writes them")->required();
  command.add_option("--ak", o.ak, ak)->required();
  command.add_flag("--force", o.force, "replace files that exist");
  command.add_flag("--json", o.json, "print one JSON object (ward.tpm/1)");
}

}  // namespace

void add_tpm(args::Command& app, Action& action) {
  const auto options = std::make_shared<Options>();
  args::Command* tpm =
      app.add_subcommand("tpm", "quotes as tpm2-tools have them; which TPM holds an AK");
  tpm->require_subcommand(1);
  args::Command* made = tpm->add_subcommand("pack", "put a quote's files into one of evidence");
  add_files(*made, *options, "the AK: TPM2B_PUBLIC, or PEM PUBLIC KEY");
  made->add_option("-o,--output", options->evidence, "where the evidence goes")->required();
  made->callback([options, &action] { action = [options] { return pack(*options); }; });
  args::Command* apart = tpm->add_subcommand("unpack", "take evidence apart for tpm2_checkquote");
  apart->add_option("evidence", options->evidence, "the evidence")->required();
  add_files(*apart, *options, "where the AK goes, as PEM PUBLIC KEY");
  apart->callback([options, &action] { action = [options] { return unpack(*options); }; });
  add_tpm_activation(*tpm, action);
}

}  // namespace ward::cli
