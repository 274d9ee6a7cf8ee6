#include <memory>
#include <string>

#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "args/args.h"
#include "attest/appraisal.h"
#include "attest/check.h"
#include "broker/checks.h"
#include "codec/json_write.h"
#include "protocol/channel/checks.h"
#include "tee/all.h"
#include "verifier/composite.h"

namespace ward::cli {
namespace {

// A cell of a Markdown table: no bar may end it early.
std::string cell(const char* text) {
  std::string out;
  for (const char c : std::string_view(text)) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string table(std::span<const attest::CheckInfo> checks) {
  std::string out =
      "| check | what it means where it fails | what to do | reference |\n|---|---|---|---|\n";
  for (const attest::CheckInfo& info : checks) {
    out += "| `" + std::string(info.id) + "` | " + cell(info.meaning) + " | " + cell(info.hint) +
           " | " + cell(info.reference) + " |\n";
  }
  return out;
}

std::string json() {
  codec::JsonWriter out(codec::JsonWriter::Style::kPretty);
  out.begin_object().member("schema", "ward.checks/1").name("checks").begin_array();
  const auto list = [&](const char* by, std::span<const attest::CheckInfo> checks) {
    for (const attest::CheckInfo& info : checks) {
      out.begin_object().member("id", info.id).member("by", by).member("meaning", info.meaning);
      out.member("hint", info.hint).member("reference", info.reference).end_object();
    }
  };
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    list(scheme->info().name, scheme->info().checks);
  }
  list("every TEE", attest::shared_checks());
  list("composite", verifier::composite_checks());
  list("wardd", broker::check_table());
  list("attested channel", protocol::channel::check_table());
  return *out.end_array().end_object().take() + "\n";
}

std::string markdown() {
  std::string out =
      "# Checks\n\n"
      "Every check that an appraisal may list, made by `ward checks` from the tables in the code. "
      "An id never\n"
      "changes its meaning. A check that nobody asked for, or that rests on one that failed, is "
      "`not_done`, never\n"
      "passed.\n";
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    const attest::SchemeInfo info = scheme->info();
    out += "\n## " + std::string(info.title) + "\n\n" + table(info.checks);
  }
  out += "\n## Every kind of evidence\n\n" + table(attest::shared_checks());
  out += "\n## Composite evidence\n\n" + table(verifier::composite_checks());
  out += "\n## Attestation and release by wardd\n\n" + table(broker::check_table());
  out += "\n## The attested channel\n\n" + table(protocol::channel::check_table());
  return out;
}

}  // namespace

void add_checks(args::Command& app, Action& action) {
  args::Command* c =
      app.add_subcommand("checks", "list every check: what it means and what to do (Markdown)");
  const auto as_json = std::make_shared<bool>(false);
  c->add_flag("--json", *as_json, "one JSON object instead");
  c->callback(
      [&action, as_json] { action = [as_json] { return print(*as_json ? json() : markdown()); }; });
}

}  // namespace ward::cli
