#include "keep/manifest.h"

#include <algorithm>
#include <limits>
#include <set>

#include "codec/toml_text.h"
#include "crypto/signature.h"
#include "keep/names.h"
#include "keep/runtime.h"
#include "keep/toml_reader.h"

namespace ward::keep {
namespace {

constexpr std::uint64_t kFormatVersion = 1;
constexpr std::uint64_t kMinMemory = std::uint64_t{16} << 20U;
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 44U;
constexpr std::uint64_t kMaxProcesses = 32768;
constexpr std::uint64_t kMinOpenFiles = 16;
constexpr std::uint64_t kMaxOpenFiles = 1048576;
constexpr std::size_t kMaxKeyBytes = 1024;  // base64 of a receiver's key
constexpr std::size_t kMaxUrlBytes = 300;
constexpr std::size_t kMaxFileIdBytes = 128;

// Parser holds the first mistake while the document is walked.
class Parser {
 public:
  Result<Manifest, Diag> parse(const toml::table& document) {
    TomlTable top(document, "", first_);
    top.number("version", kFormatVersion, kFormatVersion);
    Manifest out;
    out.name = name(top, "name");
    out.argv = top.texts("argv", kMaxArguments, kMaxTextBytes);
    out.working_directory = top.text_or("working_directory", kMaxPathBytes, "/");
    if (!is_clean_path(out.working_directory)) {
      top.refuse("working_directory", "an absolute path without `.`, `..` or `//`");
    }
    if (top.text("network", kMaxPathBytes) != "none") top.refuse("network", "\"none\"");
    environment(top, out);
    files(top, out);
    trees_and_links(top, out);
    inputs(top, out);
    outputs(top, out);
    limits(top, out);
    broker(top, out);
    program(top, out);
    top.done();
    if (first_) return *first_;
    return out;
  }

 private:
  static std::string name(TomlTable& table, std::string_view key) {
    std::string out = table.text(key, kMaxPathBytes);
    if (!is_plain_name(out)) {
      table.refuse(key, "1 to 64 letters, digits, `.`, `_` or `-`, not beginning with `.`");
    }
    return out;
  }

  // place is a path of the keep's root that may be named, and is named once.
  std::string place(TomlTable& table, std::string_view key) {
    std::string out = table.text(key, kMaxPathBytes);
    if (!is_clean_path(out) || out == "/") {
      table.refuse(key, "an absolute path without `.`, `..` or `//`");
    } else if (is_reserved_path(out)) {
      table.refuse(key, "a path outside /ward, /proc, /dev, /in, /out and /tmp");
    } else if (!paths_.insert(out).second) {
      table.refuse(key, "a path that is named once");
    }
    return out;
  }

  void environment(TomlTable& top, Manifest& out) {
    const toml::table* table = top.table("environment", false);
    if (table == nullptr) return;
    TomlTable variables(*table, "environment", first_);
    if (table->size() > kMaxEnvironment) top.refuse("environment", "at most 256 variables");
    for (const auto& [key, node] : *table) {
      const std::string variable(key.str());
      if (variable.empty() ||
          variable.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
        variables.refuse(variable, "a name without `=`");
      }
      out.environment[variable] = variables.text(variable, kMaxTextBytes);
    }
  }

  void files(TomlTable& top, Manifest& out) {
    std::size_t index = 0;
    for (const toml::table* item : top.tables("file", kMaxFiles)) {
      TomlTable table(*item, top.child("file", index++), first_);
      FileEntry entry;
      entry.path = place(table, "path");
      entry.source = table.text_or("source", kMaxPathBytes, entry.path);
      entry.mode = mode(table);
      if (table.has("sha256")) entry.sha256 = digest(table, "sha256");
      table.done();
      out.files.push_back(std::move(entry));
    }
  }

  static FileMode mode(TomlTable& table) {
    const std::string text = table.text_or("mode", kMaxPathBytes, "0444");
    if (text == "0444") return FileMode::kData;
    if (text == "0555") return FileMode::kScript;
    if (text == "0111") return FileMode::kProgram;
    table.refuse("mode", R"("0444" (data), "0555" (script) or "0111" (program))");
    return FileMode::kData;
  }

  static std::array<std::uint8_t, 32> digest(TomlTable& table, std::string_view key) {
    const auto octets = from_hex(table.text(key, 64));
    const auto out = octets ? to_array<32>(*octets) : std::nullopt;
    if (!out) table.refuse(key, "64 hexadecimal digits");
    return out.value_or(std::array<std::uint8_t, 32>{});
  }

  void trees_and_links(TomlTable& top, Manifest& out) {
    std::size_t index = 0;
    for (const toml::table* item : top.tables("tree", kMaxFiles)) {
      TomlTable table(*item, top.child("tree", index++), first_);
      TreeEntry entry;
      entry.path = place(table, "path");
      entry.source = table.text_or("source", kMaxPathBytes, entry.path);
      table.done();
      out.trees.push_back(std::move(entry));
    }
    index = 0;
    for (const toml::table* item : top.tables("link", kMaxFiles)) {
      TomlTable table(*item, top.child("link", index++), first_);
      LinkEntry entry;
      entry.path = place(table, "path");
      entry.target = table.text("target", kMaxPathBytes);
      if (entry.target.empty()) table.refuse("target", "the path that the link points to");
      table.done();
      out.links.push_back(std::move(entry));
    }
    if (out.files.size() + out.trees.size() + out.links.size() > kMaxFiles) {
      top.refuse("file", "at most 20000 files, trees and links together");
    }
  }

  void inputs(TomlTable& top, Manifest& out) {
    std::size_t index = 0;
    std::set<std::string> names;
    for (const toml::table* item : top.tables("input", kMaxInputs)) {
      TomlTable table(*item, top.child("input", index++), first_);
      InputEntry entry;
      entry.name = name(table, "name");
      if (!names.insert(entry.name).second) table.refuse("name", "a name that occurs once");
      entry.resource = table.text("resource", kMaxPathBytes);
      if (!is_resource_path(entry.resource)) {
        table.refuse("resource", "\"repository/type/tag\", the key's path at the broker");
      }
      entry.file_id = table.text("file_id", kMaxFileIdBytes);
      if (entry.file_id != kAnyFile && !is_lower_hex(entry.file_id)) {
        table.refuse("file_id", "the sealed file's id in lower-case hex, or \"any\"");
      }
      entry.source = table.text("source", kMaxPathBytes);
      table.done();
      out.inputs.push_back(std::move(entry));
    }
  }

  static bool is_lower_hex(const std::string& text) {
    const auto octets = from_hex(text);
    return octets && !octets->empty() && to_hex(*octets) == text;
  }

  void outputs(TomlTable& top, Manifest& out) {
    std::size_t index = 0;
    std::set<std::string> names;
    for (const toml::table* item : top.tables("output", kMaxOutputs)) {
      TomlTable table(*item, top.child("output", index++), first_);
      OutputEntry entry;
      entry.name = name(table, "name");
      if (!names.insert(entry.name).second) table.refuse("name", "a name that occurs once");
      const auto der = from_base64(table.text("receiver", kMaxKeyBytes), Base64::kStandard);
      const auto key = crypto::PublicKey::from_spki(der.value_or(Buffer{}));
      if (!key || key->type() != crypto::KeyType::kP256) {
        table.refuse("receiver", "a P-256 public key: base64 of its SubjectPublicKeyInfo");
      }
      entry.receiver = der.value_or(Buffer{});
      table.done();
      out.outputs.push_back(std::move(entry));
    }
  }

  void limits(TomlTable& top, Manifest& out) {
    const toml::table* item = top.table("limits", true);
    if (item == nullptr) return;
    TomlTable table(*item, "limits", first_);
    out.limits.seconds = static_cast<std::uint32_t>(table.number("seconds", 1, kMaxRunSeconds));
    out.limits.memory_bytes = table.number("memory_bytes", kMinMemory, kMaxBytes);
    out.limits.processes = static_cast<std::uint32_t>(table.number("processes", 1, kMaxProcesses));
    out.limits.disk_bytes = table.number("disk_bytes", 1, kMaxBytes);
    out.limits.open_files =
        static_cast<std::uint32_t>(table.number("open_files", kMinOpenFiles, kMaxOpenFiles));
    table.done();
  }

  void broker(TomlTable& top, Manifest& out) {
    const toml::table* item = top.table("broker", false);
    if (item != nullptr) {
      TomlTable table(*item, "broker", first_);
      BrokerEntry entry;
      entry.url = table.text("url", kMaxUrlBytes);
      if (!is_broker_url(entry.url)) {
        table.refuse("url", "\"https://HOST:PORT\" or \"https://HOST:PORT/t/TENANT\"");
      }
      entry.spki_sha256 = digest(table, "spki_sha256");
      leases(table, entry);
      table.done();
      out.broker = entry;
    } else if (!out.inputs.empty() || !out.outputs.empty()) {
      top.refuse("broker", "to be there, because there are inputs or outputs");
    }
  }

  static void leases(TomlTable& table, BrokerEntry& entry) {
    const auto wish = lease_wish_of(table.text_or("leases", kMaxPathBytes, to_text(entry.leases)));
    if (!wish) table.refuse("leases", R"("accepted", "required" or "refused")");
    entry.leases = wish.value_or(entry.leases);
    if (table.has("grace_seconds")) {
      entry.grace_seconds =
          static_cast<std::uint32_t>(table.number("grace_seconds", 0, kMaxGraceSeconds));
    }
  }

  // program: what starts must be a file of the keep, or ward-keep itself, which is in every keep;
  // whether a tree holds it shows at launch.
  static void program(TomlTable& top, const Manifest& out) {
    const std::string path = out.argv.empty() ? "" : out.argv.front();
    if (!is_clean_path(path)) top.refuse("argv", "the absolute path of a program first");
    if (path == kAgentPath) return;
    const auto file = std::find_if(out.files.begin(), out.files.end(),
                                   [&](const FileEntry& f) { return f.path == path; });
    if (file != out.files.end() ? file->mode != FileMode::kProgram : out.trees.empty()) {
      top.refuse("argv", "a program that is a file of the keep with mode \"0111\" first");
    }
  }

  std::optional<Diag> first_;
  std::set<std::string> paths_;
};

struct WishName {
  LeaseWish wish;
  std::string_view text;
};

constexpr std::array<WishName, 3> kWishes = {{{LeaseWish::kAccepted, "accepted"},
                                              {LeaseWish::kRequired, "required"},
                                              {LeaseWish::kRefused, "refused"}}};

}  // namespace

std::string_view to_text(LeaseWish wish) { return kWishes[static_cast<std::size_t>(wish)].text; }

std::optional<LeaseWish> lease_wish_of(std::string_view text) {
  for (const WishName& name : kWishes) {
    if (name.text == text) return name.wish;
  }
  return std::nullopt;
}

Result<Manifest, Diag> parse_manifest(Bytes document) {
  if (document.size() > kMaxManifestBytes) {
    return Diag{.line = 0, .column = 0, .path = "", .expected = "at most 8 MiB of text"};
  }
  if (const auto at = codec::stray_octet(as_text(document))) {
    return diag_at(document, *at, "", "TOML 1.0: text beyond ASCII in strings and comments alone");
  }
  const toml::parse_result result = toml::parse(as_text(document));
  if (!result) {
    const toml::source_position at = result.error().source().begin;
    return Diag{.line = at.line,
                .column = at.column,
                .path = "",
                .expected = "TOML 1.0: " + std::string(result.error().description())};
  }
  return Parser().parse(result.table());
}

}  // namespace ward::keep
