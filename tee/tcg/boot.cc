#include <algorithm>
#include <string_view>

#include "base/writer.h"
#include "crypto/digest.h"
#include "tee/tcg/event_type.h"
#include "tee/tcg/statement.h"

namespace ward::tcg {
namespace {

using attest::Claim;

constexpr std::uint32_t kLinuxInitrd = 0x8f3b22ec;
constexpr std::uint32_t kLinuxLoadOptions = 0x8f3b22ed;

// EFI_GLOBAL_VARIABLE and EFI_IMAGE_SECURITY_DATABASE_GUID (UEFI 2.10, 3.3 and 32.6.1).
constexpr std::string_view kGlobal = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
constexpr std::string_view kSecurityDatabase = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";

constexpr std::uint32_t kAttestationAgent = 0x4141454c;  // "AAEL" of Confidential Containers

// The register that holds the Secure Boot policy (PFP 1.06, 3.3.4.8).
std::uint32_t policy_register(Registers registers) { return registers == Registers::kPcr ? 7 : 0; }

// The variable of that name, where it can be believed; else why not.
struct Found {
  const Variable* variable = nullptr;
  const char* why_not = "";
};

Found find_variable(std::span<const Statement> statements, Registers registers,
                    std::string_view name, std::string_view guid) {
  Found out{.why_not = "the log has no such variable"};
  bool separator = false;
  std::size_t count = 0;
  for (const Statement& s : statements) {
    if (s.number != policy_register(registers)) continue;
    separator = separator || s.is_separator;
    const auto* variable = std::get_if<Variable>(&s.data);
    if (variable == nullptr || s.type != event_type::kEfiVariableDriverConfig ||
        variable->name != name || to_text(variable->name_guid) != guid) {
      continue;
    }
    if (++count > 1) return {.why_not = "the variable was measured more than once"};
    if (s.after_separator) return {.why_not = "the variable was measured behind the separator"};
    if (s.covered.coverage != Coverage::kWhole) {
      return {.why_not = "the variable is not what was measured"};
    }
    out = {.variable = variable};
  }
  if (out.variable != nullptr && !separator) {
    return {.why_not = "no separator ends the firmware's measurements"};
  }
  return out;
}

// secure_boot_data is UEFI_VARIABLE_DATA of SecureBoot (PFP 1.06, 10.2.6).
Buffer secure_boot_data(Bytes value) {
  constexpr std::string_view kName = "SecureBoot";
  constexpr std::uint8_t kGuid[] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                    0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};
  Writer w;
  w.bytes(kGuid);
  w.u64le(kName.size());
  w.u64le(value.size());
  for (const char c : kName) {
    w.u16le(static_cast<std::uint8_t>(c));
  }
  w.bytes(value);
  return w.take();
}

// contradicted is true where the register was extended with the variable at another value than
// `value` too, under whatever label: what firmware measures is one of three.
bool contradicted(std::span<const Statement> statements, Registers registers, Bytes value) {
  for (const Buffer& other : {Buffer{}, Buffer{0}, Buffer{1}}) {
    if (equal(other, value)) continue;
    const Buffer data = secure_boot_data(other);
    for (const Algorithm a :
         {Algorithm::kSha1, Algorithm::kSha256, Algorithm::kSha384, Algorithm::kSha512}) {
      const Buffer wanted = digest(a, data);
      const bool found = std::ranges::any_of(statements, [&](const Statement& s) {
        return s.number == policy_register(registers) && equal(s.digest, wanted);
      });
      if (found) return true;
    }
  }
  return false;
}

void add_variable(std::vector<Claim>& out, std::span<const Statement> statements,
                  Registers registers, std::string_view name, std::string_view guid) {
  const Found found = find_variable(statements, registers, name, guid);
  if (found.variable == nullptr) return;
  std::string claim = "event_log.";
  for (const char c : name) {
    claim += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  out.push_back({claim + "_size", std::uint64_t{found.variable->value.size()}});
  out.push_back({claim + "_sha256", to_buffer(crypto::sha256(found.variable->value))});
}

void add_secure_boot(std::vector<Claim>& out, std::span<const Statement> statements,
                     Registers registers) {
  const SecureBoot state = secure_boot(statements, registers);
  if (state.enabled) {
    out.push_back({"event_log.secure_boot", *state.enabled});
  } else {
    out.push_back({"event_log.secure_boot_unknown", std::string(state.why_unknown)});
  }
  for (const char* name : {"PK", "KEK"}) {
    add_variable(out, statements, registers, name, kGlobal);
  }
  for (const char* name : {"db", "dbx"}) {
    add_variable(out, statements, registers, name, kSecurityDatabase);
  }
}

// "<digest> <what the log calls it>".
std::string named(const Statement& s, const std::string& name) {
  return to_hex(s.digest) + (name.empty() ? "" : " " + name);
}

bool covered(const Statement& s) {
  return s.covered.coverage == Coverage::kWhole || s.covered.coverage == Coverage::kPart;
}

// The lists of claims, each in the log's order.
struct Lists {
  std::vector<std::string> firmware;
  std::vector<std::string> platform;
  std::vector<std::string> authorities;
  std::vector<std::string> images;
  std::vector<std::string> files;
  std::vector<std::string> command_lines;
  std::vector<std::string> load_options;
  std::vector<std::string> initrds;
  std::vector<std::string> agent_events;

  void add(const Statement& s);

 private:
  void add_text(const Statement& s, const Text& text);
  void add_tagged(const Statement& s, const Tagged& tagged);
};

void Lists::add_text(const Statement& s, const Text& text) {
  // Plain texts of boot loaders that are not themselves what was hashed: shim's lists, the kernel
  // of GRUB's older patches.
  const bool plain_name =
      s.type == event_type::kIpl && text.kind == TextKind::kPlain && !covered(s);
  if (text.kind == TextKind::kFile || plain_name) {
    files.push_back(named(s, text.text));
  } else if (text.kind == TextKind::kKernelCommandLine && covered(s)) {
    command_lines.push_back(text.text);
  } else if (s.type == event_type::kEventTag && text.text == "LOADED_IMAGE::LoadOptions") {
    load_options.push_back(named(s, text.text));
  } else if (s.type == event_type::kEventTag && text.text == "Linux initrd") {
    initrds.push_back(named(s, text.text));
  } else if (s.type == event_type::kPlatformConfigFlags || s.type == event_type::kPostCode ||
             s.type == event_type::kCrtmContents || s.type == event_type::kCrtmVersion) {
    platform.push_back(named(s, text.text));
  }
}

void Lists::add_tagged(const Statement& s, const Tagged& tagged) {
  if (tagged.id == kLinuxInitrd) initrds.push_back(named(s, tagged.text));
  if (tagged.id == kLinuxLoadOptions) load_options.push_back(named(s, tagged.text));
  if (tagged.id == kAttestationAgent && covered(s)) agent_events.push_back(tagged.text);
}

void Lists::add(const Statement& s) {
  if (const auto* blob = std::get_if<FirmwareBlob>(&s.data)) {
    firmware.push_back(named(s, blob->description));
  } else if (const auto* tables = std::get_if<HandoffTables>(&s.data)) {
    platform.push_back(named(s, tables->description));
  } else if (const auto* image = std::get_if<Image>(&s.data)) {
    images.push_back(named(s, image->device_path));
  } else if (const auto* variable = std::get_if<Variable>(&s.data)) {
    if (s.type == event_type::kEfiVariableAuthority) {
      authorities.push_back(named(s, variable->name));
    }
  } else if (const auto* text = std::get_if<Text>(&s.data)) {
    add_text(s, *text);
  } else if (const auto* tagged = std::get_if<Tagged>(&s.data)) {
    add_tagged(s, *tagged);
  }
}

void add_list(std::vector<Claim>& out, const char* name, std::vector<std::string> list) {
  if (!list.empty()) out.push_back({name, std::move(list)});
}

}  // namespace

SecureBoot secure_boot(std::span<const Statement> statements, Registers registers) {
  const Found found = find_variable(statements, registers, "SecureBoot", kGlobal);
  if (found.variable == nullptr) return {.why_unknown = found.why_not};
  const Bytes value = found.variable->value;
  if (contradicted(statements, registers, value)) {
    return {.why_unknown = "another value of the variable was measured too"};
  }
  if (value.empty()) return {.enabled = false};  // not set: firmware without Secure Boot
  if (value.size() != 1 || value[0] > 1) return {.why_unknown = "the variable has no such value"};
  return {.enabled = value[0] == 1};
}

std::vector<Claim> boot_claims(std::span<const Statement> statements, Registers registers,
                               std::span<const std::uint32_t> shown) {
  const auto is_shown = [shown](std::uint32_t number) {
    return std::ranges::find(shown, number) != shown.end();
  };
  std::vector<Claim> out;
  if (is_shown(policy_register(registers))) add_secure_boot(out, statements, registers);
  Lists lists;
  for (const Statement& s : statements) {
    if (s.number && is_shown(*s.number)) lists.add(s);
  }
  add_list(out, "event_log.firmware", std::move(lists.firmware));
  add_list(out, "event_log.platform", std::move(lists.platform));
  add_list(out, "event_log.authorities", std::move(lists.authorities));
  add_list(out, "event_log.images", std::move(lists.images));
  add_list(out, "event_log.files", std::move(lists.files));
  add_list(out, "event_log.kernel_command_lines", std::move(lists.command_lines));
  add_list(out, "event_log.load_options", std::move(lists.load_options));
  add_list(out, "event_log.initrds", std::move(lists.initrds));
  add_list(out, "event_log.agent_events", std::move(lists.agent_events));
  return out;
}

}  // namespace ward::tcg
