#include <cstdio>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "attest/appraisal_json.h"
#include "tee/all.h"

namespace ward::cli {
namespace {

constexpr std::size_t kMaxEvidence = 4U << 20U;

struct Options {
  std::string file;
  bool layout = false;
  bool json = false;
};

int print(std::string text) {
  text += '\n';
  const bool ok = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return ok ? kAccepted : fail(kCouldNotTell, "standard output cannot be written");
}

std::string pad(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text + " ";
}

std::string layout_text(const std::vector<attest::LayoutField>& fields) {
  std::size_t width = 4;
  for (const auto& f : fields)
    width = std::max(width, f.name.size());
  std::string out = pad("offset", 6) + pad("size", 5) + pad("name", width) + "value";
  for (const auto& f : fields) {
    out += "\n" + pad(std::to_string(f.offset), 6) + pad(std::to_string(f.size), 5) +
           pad(f.name, width) + f.value;
  }
  return out;
}

void write_layout(codec::JsonWriter& w, const std::vector<attest::LayoutField>& fields) {
  w.begin_array();
  for (const auto& f : fields) {
    w.begin_object();
    w.name("offset").unsigned_integer(f.offset);
    w.name("size").unsigned_integer(f.size);
    w.name("name").string(f.name);
    w.name("type").string(f.type);
    w.name("value").string(f.value);
    w.end_object();
  }
  w.end_array();
}

int print_json(const attest::Scheme& scheme, const std::vector<attest::Claim>& claims,
               const std::vector<attest::LayoutField>* layout) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object();
  w.name("schema").string("ward.inspection/1");
  w.name("tee").string(scheme.info().name);
  w.name("title").string(scheme.info().title);
  w.name("authenticated").boolean(false);
  w.name("claims");
  attest::write_claims(w, claims);
  if (layout != nullptr) {
    w.name("layout");
    write_layout(w, *layout);
  }
  w.end_object();
  auto text = w.take();
  return text ? print(*std::move(text)) : fail(kCouldNotTell, error_text(text.error()));
}

int run(const Options& o) {
  const auto evidence = read_file(o.file, kMaxEvidence);
  if (!evidence) return fail(kCouldNotTell, o.file + ": " + error_text(evidence.error()));
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    if (!scheme->recognises(*evidence)) continue;
    const auto claims = scheme->inspect(*evidence);
    const auto layout = scheme->layout(*evidence);
    if (!claims || !layout) {
      return fail(kRefused, o.file + ": malformed " + scheme->info().name + " evidence: " +
                                error_text(claims ? layout.error() : claims.error()));
    }
    if (o.json) return print_json(*scheme, *claims, o.layout ? &*layout : nullptr);
    if (o.layout) return print(layout_text(*layout));
    std::string text = std::string(scheme->info().title) + ", not authenticated";
    for (const attest::Claim& claim : *claims) {
      text += "\n  " + claim.name + " = " + attest::claim_text(claim.value);
    }
    return print(text);
  }
  return fail(kCouldNotTell, o.file + ": no kind of evidence that ward knows");
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  auto o = std::make_shared<Options>();
  CLI::App* c = app.add_subcommand("inspect", "print what evidence says, without judging it");
  c->add_option("FILE", o->file, "evidence; - is standard input")->required();
  c->add_flag("--layout", o->layout, "offset, size, name and value of every field");
  c->add_flag("--json", o->json, "print JSON (ward.inspection/1)");
  c->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace ward::cli
