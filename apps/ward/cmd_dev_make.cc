#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/ward/case_folder.h"
#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "args/args.h"
#include "base/nearest.h"
#include "base/shell_word.h"
#include "codec/json_write.h"
#include "crypto/rng.h"
#include "tee/soft/attester/device_dir.h"
#include "tee/soft/cases/case.h"

namespace ward::cli {
namespace {

using soft::cases::Case;
using soft::cases::Made;
using soft::cases::Makers;
using soft::cases::Setting;

constexpr unsigned kDefaultDays = 30;
constexpr unsigned kMinDays = 2;  // what is not yet valid is so within the others' validity
constexpr unsigned kMaxDays = 3650;
constexpr std::size_t kSeedBytes = 32;
constexpr const char* kAll = "all";
constexpr const char* kOutdated = "outdated";
constexpr const char* kWarning =
    "THIS IS NOT A TEE: whoever has the seed can sign for the makers.\n";

struct Options {
  std::string name;
  std::string dir;
  std::string maker;
  std::string seed;
  std::string at;
  std::string face;
  std::uint32_t days = kDefaultDays;
  bool list = false;
  bool json = false;
};

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const std::string& word : words) {
    out += (out.empty() ? "" : between) + word;
  }
  return out;
}

// told is what a verifier should say, and why.
std::string told(const Case& one) {
  std::string out = attest::to_text(one.verdict);
  const auto& ids = one.fails.empty() ? one.open : one.fails;
  if (!ids.empty()) out += ": " + joined(ids, ", ");
  if (!one.tcb_status.empty() && !ids.empty()) out += " (" + one.tcb_status + ")";
  return out;
}

int list_text() {
  std::string out =
      "| case | what it is | why no public sample shows it | what a verifier should say | faces |\n"
      "|---|---|---|---|---|\n";
  for (const Case& one : soft::cases::all_cases()) {
    out += "| `" + one.name + "` | " + one.what + " | " + one.unseen + " | " + told(one) + " | " +
           joined(one.faces, ", ") + " |\n";
  }
  out +=
      "\n`all` makes every case, a folder each. Apart from these, `ward dev make outdated DIR "
      "--maker DIR` makes another\nplatform of a maker for `softd`, with firmware that was never "
      "updated.\n";
  return print(out);
}

void write_strings(codec::JsonWriter& w, const char* name, const std::vector<std::string>& all) {
  w.name(name).begin_array();
  for (const std::string& text : all) {
    w.string(text);
  }
  w.end_array();
}

// What a verifier should say of it.
void write_judgement(codec::JsonWriter& w, const Case& one) {
  w.member("verdict", attest::to_text(one.verdict));
  write_strings(w, "fails", one.fails);
  write_strings(w, "open", one.open);
  if (one.tcb_status.empty()) {
    w.name("tcb_status").null();
  } else {
    w.member("tcb_status", one.tcb_status);
  }
}

int print_json(codec::JsonWriter& w) {
  const auto text = w.take();
  if (!text) return fail(kCouldNotTell, error_text(text.error()));
  return print(*text + '\n');
}

int list_json() {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.dev_cases/1").name("cases").begin_array();
  for (const Case& one : soft::cases::all_cases()) {
    w.begin_object().member("case", one.name).member("tee", one.tee);
    w.member("what", one.what).member("unseen", one.unseen);
    write_strings(w, "faces", one.faces);
    write_judgement(w, one);
    w.end_object();
  }
  w.end_array().end_object();
  return print_json(w);
}

int refuse_to_overwrite(const std::string& dir) {
  return fail(kUsage, dir + ": exists and is not an empty folder; nothing was changed",
              "name a folder that does not exist yet");
}

// Written is one case in its folder.
struct Written {
  const Case* what;
  std::string face;
  std::string folder;
  attest::Expectations expected;
};

// command is the line that shows the case.
std::string command(const Written& w, const Setting& setting) {
  const auto hex = [](const attest::Expected& expected) {
    return to_hex(std::get<std::vector<Buffer>>(expected).front());
  };
  return "ward verify " + shell_path(w.folder + "/evidence") + " --collateral " +
         shell_path(w.folder + "/collateral") + " --trust-root " +
         shell_path(w.folder + "/root.pem") + " --allow-development --at " +
         format_rfc3339(setting.at) + " --report-data " + hex(w.expected.report_data) +
         " --measurement " + hex(w.expected.measurement) + " --workload " +
         hex(w.expected.workload);
}

int tell(const Options& o, const std::vector<Written>& all, const Setting& setting) {
  if (o.json) {
    codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
    w.begin_object().member("schema", "ward.dev_make/1").member("development", true);
    w.member("seed", to_hex(setting.seed)).member("at", format_rfc3339(setting.at));
    w.name("days").unsigned_integer(setting.days);
    w.name("made").begin_array();
    for (const Written& one : all) {
      w.begin_object().member("case", one.what->name).member("face", one.face);
      w.member("folder", one.folder).member("verify", command(one, setting));
      write_judgement(w, *one.what);
      w.end_object();
    }
    w.end_array().end_object();
    return print_json(w);
  }
  std::string out;
  for (const Written& one : all) {
    out += one.what->name + " of face " + one.face + ": " + one.what->what +
           "\n  a verifier should say: " + told(*one.what) + "\n  " + command(one, setting) + "\n";
  }
  return print(out + "made with --seed " + to_hex(setting.seed) + " --at " +
               format_rfc3339(setting.at) + " --days " + std::to_string(setting.days) + "\n" +
               kWarning);
}

// add_files adds a case's files, below `folder` where there is one.
void add_files(std::vector<soft::cases::CaseFile> of, const std::string& folder,
               std::vector<FolderFile>& out) {
  for (auto& file : of) {
    out.push_back({folder.empty() ? file.name : folder + "/" + file.name, std::move(file.bytes)});
  }
}

int make(const Options& o, const std::vector<Case>& cases, const Setting& setting) {
  Makers makers(setting);
  std::vector<FolderFile> files;
  std::vector<Written> written;
  for (const Case& one : cases) {
    if (!o.json && !makers.has_amd() && one.tee == "snp") {
      (void)std::fputs("ward: making the RSA keys of the AMD-shaped maker: this takes seconds\n",
                       stderr);
    }
    const std::string face = o.face.empty() ? one.faces.front() : o.face;
    auto made = one.make(face, makers);
    if (!made) return fail(kCouldNotTell, one.name + ": " + error_text(made.error()));
    const std::string folder = o.name == kAll ? one.name : "";
    add_files(soft::cases::files_of(one, face, *made, setting), folder, files);
    written.push_back(
        {&one, face, folder.empty() ? o.dir : o.dir + "/" + folder, std::move(made->expected)});
  }
  const auto done = write_folder(o.dir, files);
  if (!done) return fail(kCouldNotTell, done.error());
  return tell(o, written, setting);
}

int run_outdated(const Options& o) {
  if (o.json || !(o.face + o.seed + o.at).empty()) {
    return fail(kUsage, "`outdated` takes --maker alone", "leave the other options out");
  }
  if (o.maker.empty()) {
    return fail(kUsage, "--maker is required", "it is the folder that `ward dev init` made");
  }
  crypto::SystemRng rng;
  const auto done = soft::make_outdated(o.dir, o.maker, rng);
  if (!done) return fail(kCouldNotTell, done.error());
  return print(
      "made a platform in " + o.dir + ": of the maker of " + o.maker +
      ", with firmware that was never updated\n"
      "THIS IS NOT A TEE. A verifier should call its SGX and TDX evidence OutOfDate; AMD states "
      "no status: of\nSEV-SNP a policy's least values refuse it (--min-value "
      "snp.reported_tcb.snp=24).\n");
}

// chosen are the cases that were asked for.
Result<std::vector<Case>, Usage> chosen(const Options& o) {
  std::vector<Case> all = soft::cases::all_cases();
  if (o.name == kAll) {
    if (!o.face.empty()) return Usage{"--face is of one case", "leave it out, or name the case"};
    return all;
  }
  std::vector<std::string> names{kAll, kOutdated};
  for (Case& one : all) {
    names.push_back(one.name);
    if (one.name != o.name) continue;
    if (!o.face.empty() && std::ranges::find(one.faces, o.face) == one.faces.end()) {
      return Usage{o.name + " has no face " + o.face, "its faces: " + joined(one.faces, ", ")};
    }
    return std::vector<Case>{std::move(one)};
  }
  const std::string near = nearest(o.name, names);
  return Usage{"no such case: " + o.name,
               near.empty() ? "`ward dev make` lists them" : "did you mean " + near + "?"};
}

Buffer seed_of(const Options& o) {
  if (!o.seed.empty()) return seed_octets(o.seed);
  Buffer out(kSeedBytes);
  crypto::SystemRng rng;
  rng.fill(out);
  return out;
}

int run(const Options& o) {
  if (o.list || o.name.empty()) return o.json ? list_json() : list_text();
  if (o.dir.empty()) return fail(kUsage, "DIR is required", "see `ward dev make --help`");
  if (o.name != kOutdated && !o.maker.empty()) {
    return fail(kUsage, "--maker is of `outdated` alone", "leave it out");
  }
  const auto cases = o.name == kOutdated ? std::vector<Case>{} : chosen(o);
  if (!cases) return fail(kUsage, cases.error().what, cases.error().hint);
  if (folder_taken(o.dir)) return refuse_to_overwrite(o.dir);
  if (o.name == kOutdated) return run_outdated(o);
  std::optional<UnixTime> at = system_now();
  if (!o.at.empty()) at = parse_rfc3339(o.at);
  if (!at) return not_a_time("--at", o.at);
  return make(o, *cases, {.seed = seed_of(o), .at = *at, .days = o.days});
}

}  // namespace

void add_dev_make(args::Command& dev, Action& action) {
  auto o = std::make_shared<Options>();
  args::Command* make = dev.add_subcommand(
      "make", "make evidence that a verifier should refuse, or list the kinds of it");
  make->add_option("CASE", o->name, "which (without it: the list), `all`, or `outdated`");
  make->add_option("DIR", o->dir, "a folder that does not exist yet, or is empty");
  make->add_option("--face", o->face, "another of the case's faces than its first");
  make->add_option("--seed", o->seed,
                   "hex or text: the same seed, --at and --days make the same octets");
  make->add_option("--at", o->at, "the time of appraisal (RFC 3339); without it: now");
  make->add_option("--days", o->days, "how long the good documents are valid")
      ->in_range(kMinDays, kMaxDays)
      ->capture_default_str();
  make->add_option("--maker", o->maker, "for `outdated`: the folder that `ward dev init` made");
  make->add_flag("--list", o->list, "the list of cases, as a table (Markdown)");
  make->add_flag("--json", o->json, "print JSON (ward.dev_cases/1, ward.dev_make/1)");
  make->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace ward::cli
