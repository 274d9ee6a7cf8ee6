#include <array>
#include <charconv>

#include "keep/manifest.h"

namespace ward::keep {
namespace {

// quoted writes a TOML basic string.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (octet < 0x20 || octet == 0x7f) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      out += "\\u00";
      out += kDigits[octet >> 4U];
      out += kDigits[octet & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

void line(std::string& out, std::string_view key, std::string_view value) {
  out += key;
  out += " = ";
  out += value;
  out += '\n';
}

void number(std::string& out, std::string_view key, std::uint64_t value) {
  line(out, key, std::to_string(value));
}

std::string_view mode_text(FileMode mode) {
  switch (mode) {
    case FileMode::kData:
      return "0444";
    case FileMode::kScript:
      return "0555";
    case FileMode::kProgram:
      return "0111";
  }
  return "";
}

void write_head(std::string& out, const Manifest& manifest) {
  number(out, "version", 1);
  line(out, "name", quoted(manifest.name));
  std::string argv = "[";
  for (const std::string& argument : manifest.argv) {
    if (argv.size() > 1) argv += ", ";
    argv += quoted(argument);
  }
  line(out, "argv", argv + "]");
  line(out, "working_directory", quoted(manifest.working_directory));
  line(out, "network", quoted("none"));
  out += "\n[environment]\n";
  for (const auto& [key, value] : manifest.environment) {
    line(out, quoted(key), quoted(value));
  }
  out += "\n[limits]\n";
  number(out, "seconds", manifest.limits.seconds);
  number(out, "memory_bytes", manifest.limits.memory_bytes);
  number(out, "processes", manifest.limits.processes);
  number(out, "disk_bytes", manifest.limits.disk_bytes);
  number(out, "open_files", manifest.limits.open_files);
  if (!manifest.broker) return;
  out += "\n[broker]\n";
  line(out, "url", quoted(manifest.broker->url));
  line(out, "spki_sha256", quoted(to_hex(manifest.broker->spki_sha256)));
  if (manifest.broker->leases != LeaseWish::kAccepted) {
    line(out, "leases", quoted(to_text(manifest.broker->leases)));
  }
  if (manifest.broker->grace_seconds != kDefaultGraceSeconds) {
    number(out, "grace_seconds", manifest.broker->grace_seconds);
  }
}

void write_data(std::string& out, const Manifest& manifest) {
  for (const InputEntry& input : manifest.inputs) {
    out += "\n[[input]]\n";
    line(out, "name", quoted(input.name));
    line(out, "resource", quoted(input.resource));
    line(out, "file_id", quoted(input.file_id));
    line(out, "source", quoted(input.source));
  }
  for (const OutputEntry& output : manifest.outputs) {
    out += "\n[[output]]\n";
    line(out, "name", quoted(output.name));
    line(out, "receiver", quoted(to_base64(output.receiver, Base64::kStandard)));
  }
}

void write_root(std::string& out, const Manifest& manifest) {
  for (const FileEntry& file : manifest.files) {
    out += "\n[[file]]\n";
    line(out, "path", quoted(file.path));
    if (file.source != file.path) line(out, "source", quoted(file.source));
    if (file.mode != FileMode::kData) line(out, "mode", quoted(mode_text(file.mode)));
    if (file.sha256) line(out, "sha256", quoted(to_hex(*file.sha256)));
  }
  for (const TreeEntry& tree : manifest.trees) {
    out += "\n[[tree]]\n";
    line(out, "path", quoted(tree.path));
    if (tree.source != tree.path) line(out, "source", quoted(tree.source));
  }
  for (const LinkEntry& link : manifest.links) {
    out += "\n[[link]]\n";
    line(out, "path", quoted(link.path));
    line(out, "target", quoted(link.target));
  }
}

}  // namespace

std::string to_toml(const Manifest& manifest) {
  std::string out;
  write_head(out, manifest);
  write_data(out, manifest);
  write_root(out, manifest);
  return out;
}

}  // namespace ward::keep
