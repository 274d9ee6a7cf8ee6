#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "apps/ward/commands.h"
#include "apps/ward/evidence_input.h"
#include "apps/ward/sealed_cli.h"
#include "apps/ward/sev_cli.h"
#include "args/args.h"
#include "codec/json_write.h"
#include "crypto/rng.h"
#include "tee/sev/platform.h"
#include "tee/sev/verify.h"

// ward sev session: a platform of SEV's first generation is judged, and then trusted with keys.
namespace ward::cli {
namespace {

struct Options {
  std::vector<std::string> chain;
  std::vector<std::string> chips;
  SevPolicy policy;
  RootFiles roots;
  bool allow_development = false;
  std::string out;
  bool json = false;
};

// Platform is one that was judged right.
struct Platform {
  attest::Findings found;
  crypto::PublicKey pdh;
};

std::string ids_of(const std::vector<const attest::Check*>& checks) {
  std::string out;
  for (const attest::Check* check : checks) {
    out += (out.empty() ? "" : ", ") + std::string(check->info->id);
  }
  return out;
}

// The checks' hints are those of `ward verify`: here certificates come with --chain.
std::string hint_of(const attest::CheckInfo& check) {
  constexpr std::string_view kTheirs = "--collateral";
  std::string out = check.hint;
  const std::size_t at = out.find(kTheirs);
  if (at != std::string::npos) out.replace(at, kTheirs.size(), "--chain");
  return out;
}

// refuse says which checks failed; of none, what is missing.
int refuse(const attest::Findings& found) {
  std::vector<const attest::Check*> failed;
  const attest::Check* absent = nullptr;
  for (const attest::Check& check : found.checks) {
    if (check.outcome == attest::Outcome::kFailed) failed.push_back(&check);
    if (absent == nullptr && check.not_done == attest::NotDone::kAbsent) absent = &check;
  }
  if (!failed.empty()) {
    const attest::CheckInfo& first = *failed.front()->info;
    return fail(kRefused, "the platform is refused: " + ids_of(failed) + ": " + first.meaning,
                hint_of(first));
  }
  const std::string what = absent == nullptr ? "a certificate" : absent->expected;
  const std::string hint = absent == nullptr ? "" : hint_of(*absent->info);
  return fail(kCouldNotTell, "the platform cannot be judged: missing: " + what, hint);
}

bool is_accepted_chip(const attest::Findings& found, const std::vector<Buffer>& chips) {
  return chips.empty() || std::ranges::any_of(found.facts.chips, [&](const Buffer& chip) {
           return std::ranges::find(chips, chip) != chips.end();
         });
}

Result<std::vector<Buffer>, int> chips_of(const Options& o) {
  std::vector<Buffer> out;
  for (const std::string& text : o.chips) {
    auto octets = hex_value("--chip", text, sev::kDigestSize, "a chip of sev");
    if (!octets) return fail(kUsage, octets.error().what, octets.error().hint);
    out.push_back(*std::move(octets));
  }
  return out;
}

Result<Platform, int> judged(const Options& o) {
  WARD_TRY(const std::vector<Buffer> chips, chips_of(o));
  WARD_TRY(const attest::Collateral collateral, read_all_collateral(o.chain, o.roots));
  WARD_TRY(std::vector<attest::Anchor> anchors, named_roots(o.roots));
  const auto pinned = sev::pinned_roots();
  std::erase_if(anchors, [](const attest::Anchor& a) { return !a.tee.empty() && a.tee != "sev"; });
  anchors.insert(anchors.begin(), pinned.begin(), pinned.end());
  std::optional<crypto::PublicKey> pdh;
  attest::Findings found = sev::judge_platform(collateral, anchors, pdh);
  if (!pdh || attest::verdict_of(found.checks) != attest::Verdict::kAccepted) return refuse(found);
  if (found.development && !o.allow_development) {
    return fail(kRefused,
                "the platform is refused: sev.platform.development: it is one for "
                "development, which protects nothing from its administrator",
                "use hardware; or for development accept it with --allow-development");
  }
  if (!is_accepted_chip(found, chips)) {
    return fail(kRefused,
                "the platform is refused: sev.chip.accepted: its chip is " +
                    to_hex(found.facts.chips.front()),
                "name it with --chip only where you know whose hands it is in");
  }
  return Platform{std::move(found), *std::move(pdh)};
}

int print_session(const Options& o, const Platform& platform, std::uint32_t policy) {
  const auto& facts = platform.found.facts;
  const std::string chip = to_hex(facts.chips.front());
  const std::string line = facts.products.empty() ? "unknown" : facts.products.front();
  // Whoever names the chips has done what the warning asks for.
  const auto warnings = o.chips.empty() ? platform.found.warnings : std::vector<std::string>();
  if (!o.json) {
    std::string warned;
    for (const std::string& warning : warnings) {
      warned += "  warning: " + warning + " (--chip)\n";
    }
    return print(
        "the platform is a genuine one: line " + line + ", chip " + chip +
        (platform.found.development ? " (for DEVELOPMENT: no hardware vouches for it)" : "") +
        "\n" + warned + "  " + o.out + "/godh.b64, session.b64   give them to the host\n  " +
        o.out + "/tik.key, tek.key       secrets: for ward sev measure and ward sev secret\n");
  }
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.sev-session/1");
  w.member("product_line", line).member("chip", chip);
  w.name("development").boolean(platform.found.development);
  w.member("policy", std::uint64_t{policy}).member("folder", o.out);
  w.name("warnings").begin_array();
  for (const std::string& warning : warnings) {
    w.string(warning);
  }
  w.end_array();
  const auto text = w.end_object().take();
  return text ? print(*text + '\n') : fail(kCouldNotTell, error_text(text.error()));
}

int session(const Options& o) {
  protect_process();
  const auto policy = sev_policy(o.policy);
  if (!policy) return policy.error();
  const auto platform = judged(o);
  if (!platform) return platform.error();
  crypto::SystemRng rng;
  const auto launch = sev::start_session(platform->pdh, *policy, rng);
  if (!launch) return fail(kRefused, "the platform is refused: " + error_text(launch.error()));
  const Buffer session = sev::write_session(launch->session);
  const std::string godh_text = to_base64(launch->godh, Base64::kStandard);
  const std::string session_text = to_base64(session, Base64::kStandard);
  const int code = write_sev_files(o.out, {{"godh.cert", launch->godh},
                                           {"godh.b64", as_bytes(godh_text)},
                                           {"session.bin", session},
                                           {"session.b64", as_bytes(session_text)},
                                           {"tek.key", launch->keys.tek.expose(), true},
                                           {"tik.key", launch->keys.tik.expose(), true}});
  return code == kAccepted ? print_session(o, *platform, *policy) : code;
}

}  // namespace

void add_sev(args::Command& app, Action& action) {
  args::Command* group = app.add_subcommand(
      "sev", "launch guests of AMD SEV and SEV-ES, the first generation, as their owner");
  group->require_subcommand(1);
  const auto o = std::make_shared<Options>();
  args::Command* c = group->add_subcommand(
      "session", "judge a platform, and wrap a guest's new keys for it: before LAUNCH_START");
  c->add_option("--chain", o->chain,
                "the platform's certificates (PDH, PEK, OCA, CEK) and AMD's (ASK, ARK): files, or "
                "folders of them; may be given several times")
      ->required()
      ->allow_extra_args(false)
      ->type_name("FILE|DIR");
  add_sev_policy(*c, o->policy);
  c->add_option("--chip", o->chips,
                "accept this chip alone: SHA-256 of its CEK's SubjectPublicKeyInfo; may be given "
                "several times")
      ->allow_extra_args(false)
      ->type_name("HEX");
  add_root_options(*c, o->roots);
  c->add_flag("--allow-development", o->allow_development, "accept a root of --trust-root");
  c->add_option("-o,--output", o->out, "folder for session, certificate and the guest's keys")
      ->required()
      ->type_name("DIR");
  c->add_flag("--json", o->json, "print one JSON object (ward.sev-session/1)");
  c->callback([o, &action] { action = [o] { return session(*o); }; });
  add_sev_launch_commands(*group, action);
}

}  // namespace ward::cli
