#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/ward/commands.h"
#include "apps/ward/key_files.h"
#include "apps/ward/sealed_cli.h"
#include "apps/ward/sev_cli.h"
#include "args/args.h"
#include "codec/json_write.h"
#include "crypto/rng.h"
#include "tee/sev/launch.h"

// ward sev measure|secret: what a guest's launch must have measured, and what it may then have.
namespace ward::cli {
namespace {

struct MeasureOptions {
  SevLaunch launch;
  bool json = false;
};

struct SecretOptions {
  SevLaunch launch;
  std::string tek;
  std::vector<std::string> secrets;  // GUID:FILE
  std::string out;
  bool json = false;
};

int print_object(codec::JsonWriter& w) {
  const auto text = w.end_object().take();
  return text ? print(*text + '\n') : fail(kCouldNotTell, error_text(text.error()));
}

// refuse_other says that the host's measurement is not the one of this launch.
int refuse_other(const SevMeasured& measured) {
  return fail(kRefused,
              "the measurement is another: " + to_hex(*measured.stated) + ", computed " +
                  to_hex(measured.measurement),
              "something else was launched, or the firmware's version, policy or TIK is another: "
              "compare them with what the host states; give no secret");
}

int measure(const MeasureOptions& o) {
  protect_process();
  const auto measured = measure_launch(o.launch);
  if (!measured) return measured.error();
  if (measured->stated && !measured->matches()) return refuse_other(*measured);
  const std::string digest = to_hex(measured->what.launch_digest);
  const std::string text = to_hex(measured->measurement);
  if (!o.json) {
    return print("launch digest " + digest + "\nmeasurement " + text +
                 (measured->stated ? " (as the host states)\n" : "\n"));
  }
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.sev-measurement/1");
  w.member("launch_digest", digest).member("measurement", text);
  w.member("mnonce", to_hex(measured->what.mnonce));
  w.member("policy", std::uint64_t{measured->what.policy});
  w.name("compared").boolean(measured->stated.has_value());
  return print_object(w);
}

Result<sev::SecretEntry, int> read_entry(const std::string& text) {
  const std::size_t colon = text.find(':');
  const auto guid = sev::parse_guid(std::string_view(text).substr(0, colon));
  if (colon == std::string::npos || !guid) {
    return fail(kUsage, "--secret: not GUID:FILE: " + text,
                "736869e5-84f0-4973-92ec-06879ce3da0b:FILE is a disk's passphrase, as GRUB of "
                "OvmfPkg/AmdSev reads it");
  }
  const std::string path = text.substr(colon + 1);
  if (path.empty()) return fail(kUsage, "--secret: no file: " + text, "write GUID:FILE");
  auto data = read_secret(path, sev::kMaxSecret);
  if (!data) return own_file_failure(path, data.error());
  if (data->empty()) {
    return fail(kUsage, "--secret: " + path + " is empty", "put the secret into it");
  }
  return sev::SecretEntry{*guid, *std::move(data)};
}

Result<SecretBytes, int> read_table(const SecretOptions& o) {
  std::vector<sev::SecretEntry> entries;
  for (const std::string& text : o.secrets) {
    WARD_TRY(sev::SecretEntry entry, read_entry(text));
    entries.push_back(std::move(entry));
  }
  auto table = sev::secret_table(entries);
  if (!table) return fail(kUsage, "--secret: " + error_text(table.error()));
  return *std::move(table);
}

int print_packet(const SecretOptions& o, const sev::Packet& packet) {
  if (!o.json) {
    return print("packed " + std::to_string(o.secrets.size()) +
                 " secrets for this guest alone\n  " + o.out +
                 "/header.b64, secret.b64   the host injects them "
                 "(sev-inject-launch-secret)\n");
  }
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.sev-secret/1");
  w.member("secrets", std::uint64_t{o.secrets.size()});
  w.member("octets", std::uint64_t{packet.data.size()}).member("folder", o.out);
  return print_object(w);
}

int secret(const SecretOptions& o) {
  protect_process();
  if (o.launch.measured.empty()) {
    return fail(kUsage, "--measured: a secret is packed for a measurement that was compared",
                "give what the host got from LAUNCH_MEASURE: QEMU's query-sev-launch-measure");
  }
  auto measured = measure_launch(o.launch);
  if (!measured) return measured.error();
  if (!measured->matches()) return refuse_other(*measured);
  auto tek = read_sev_key("--tek", o.tek);
  if (!tek) return tek.error();
  const auto table = read_table(o);
  if (!table) return table.error();
  const sev::TransportKeys keys{.tek = *std::move(tek), .tik = std::move(measured->tik)};
  crypto::SystemRng rng;
  const auto iv = crypto::random_array<sev::kIvSize>(rng);
  const auto packet = sev::pack_secret(keys, measured->measurement, table->expose(), iv);
  if (!packet) return fail(kUsage, "--secret: " + error_text(packet.error()));
  const std::string header = to_base64(packet->header, Base64::kStandard);
  const std::string data = to_base64(packet->data, Base64::kStandard);
  const int code = write_sev_files(o.out, {{"header.bin", packet->header},
                                           {"header.b64", as_bytes(header)},
                                           {"secret.bin", packet->data},
                                           {"secret.b64", as_bytes(data)}});
  return code == kAccepted ? print_packet(o, *packet) : code;
}

}  // namespace

void add_sev_launch_commands(args::Command& sev, Action& action) {
  const auto m = std::make_shared<MeasureOptions>();
  args::Command* c = sev.add_subcommand(
      "measure", "compute a launch's measurement, and compare it with the host's");
  add_sev_launch(*c, m->launch);
  c->add_flag("--json", m->json, "print one JSON object (ward.sev-measurement/1)");
  c->callback([m, &action] { action = [m] { return measure(*m); }; });
  const auto s = std::make_shared<SecretOptions>();
  c = sev.add_subcommand("secret",
                         "pack secrets for a guest whose measurement is right: for LAUNCH_SECRET");
  add_sev_launch(*c, s->launch);
  c->add_option("--tek", s->tek, "the guest's TEK, as `ward sev session` wrote it")
      ->required()
      ->type_name("FILE");
  c->add_option("--secret", s->secrets, "a secret under its GUID; may be given several times")
      ->required()
      ->allow_extra_args(false)
      ->type_name("GUID:FILE");
  c->add_option("-o,--output", s->out, "folder for the packet")->required()->type_name("DIR");
  c->add_flag("--json", s->json, "print one JSON object (ward.sev-secret/1)");
  c->callback([s, &action] { action = [s] { return secret(*s); }; });
}

}  // namespace ward::cli
