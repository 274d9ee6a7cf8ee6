#include "tee/tcg/statement.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "crypto/digest.h"
#include "tee/tcg/event_type.h"

namespace ward::tcg {
namespace {

using attest::Claim;

constexpr std::size_t kMaxShown = 64;  // octets of data that are shown as such

std::string hex(std::uint64_t value) {
  std::array<char, 24> out{};
  const int n =
      std::snprintf(out.data(), out.size(), "0x%llx",
                    static_cast<unsigned long long>(value));  // NOLINT(google-runtime-int)
  return {out.data(), static_cast<std::size_t>(n)};
}

std::string guid_text(const Guid& guid) {
  const char* name = guid_name(guid);
  return to_text(guid) + (name != nullptr ? " (" + std::string(name) + ")" : "");
}

void add_octets(std::vector<Claim>& out, const std::string& name, Bytes octets) {
  if (octets.size() <= kMaxShown) {
    out.push_back({name, to_buffer(octets)});
    return;
  }
  out.push_back({name + "_size", std::uint64_t{octets.size()}});
  out.push_back({name + "_sha256", to_buffer(crypto::sha256(octets))});
}

struct KnownTag {
  std::uint32_t id;
  const char* name;
};

// Linux (drivers/firmware/efi/libstub/efistub.h), systemd (src/fundamental/tpm2-pcr.h),
// Confidential Containers' attestation agent ("AAEL").
constexpr KnownTag kTags[] = {
    {0x8f3b22ec, "Linux initrd"},        {0x8f3b22ed, "Linux load options"},
    {0xf5bc582a, "systemd loader.conf"}, {0x6c46f751, "systemd device tree"},
    {0x49dffe0f, "systemd initrd"},      {0xdac08e1a, "systemd microcode"},
    {0x13aed6db, "systemd profile"},     {0x4141454c, "attestation agent"},
};

const char* tag_name(std::uint32_t id) {
  for (const KnownTag& tag : kTags) {
    if (tag.id == id) return tag.name;
  }
  return nullptr;
}

const char* text_name(TextKind kind) {
  switch (kind) {
    case TextKind::kPlain:
      return "text";
    case TextKind::kGrubCommand:
      return "grub_command";
    case TextKind::kKernelCommandLine:
      return "kernel_command_line";
    case TextKind::kModuleCommandLine:
      return "module_command_line";
    case TextKind::kFile:
      return "file";
  }
  std::abort();
}

std::string table_text(const HandoffTables::Table& table) {
  return guid_text(table.vendor) + " at " + hex(table.address);
}

std::string partition_text(const Disk::Partition& p) {
  return to_text(p.unique) + " of type " + to_text(p.type) + ", blocks " +
         std::to_string(p.first_block) + " to " + std::to_string(p.last_block) +
         (p.name.empty() ? "" : ", " + p.name);
}

struct Describe {
  std::vector<Claim>& out;
  Bytes data;

  void operator()(const Opaque&) const { add_octets(out, "data", data); }

  void operator()(const Malformed& m) const {
    out.push_back({"malformed", std::string(m.error.what())});
    add_octets(out, "data", data);
  }

  void operator()(const Separator& s) const { out.push_back({"separator", hex(s.value)}); }

  void operator()(const StartupLocality& s) const {
    out.push_back({"startup_locality", std::uint64_t{s.locality}});
  }

  void operator()(const Notice& n) const { out.push_back({"signature", n.signature}); }

  void operator()(const Variable& v) const {
    out.push_back({"variable", v.name});
    out.push_back({"variable_guid", guid_text(v.name_guid)});
    add_octets(out, "value", v.value);
  }

  void operator()(const Image& i) const {
    if (!i.device_path.empty()) out.push_back({"device_path", i.device_path});
    out.push_back({"image_location", hex(i.location)});
    out.push_back({"image_length", i.length});
  }

  void operator()(const FirmwareBlob& b) const {
    if (!b.description.empty()) out.push_back({"description", b.description});
    out.push_back({"base", hex(b.base)});
    out.push_back({"length", b.length});
  }

  void operator()(const HandoffTables& t) const {
    if (!t.description.empty()) out.push_back({"description", t.description});
    std::vector<std::string> tables;
    for (const HandoffTables::Table& table : t.tables) {
      tables.push_back(table_text(table));
    }
    out.push_back({"tables", std::move(tables)});
  }

  void operator()(const Disk& d) const {
    out.push_back({"disk", to_text(d.guid)});
    std::vector<std::string> partitions;
    for (const Disk::Partition& partition : d.partitions) {
      partitions.push_back(partition_text(partition));
    }
    out.push_back({"partitions", std::move(partitions)});
  }

  void operator()(const Tagged& t) const {
    out.push_back({"tag", hex(t.id)});
    if (const char* name = tag_name(t.id)) out.push_back({"tag_name", std::string(name)});
    if (t.text.empty()) {
      add_octets(out, "data", t.data);
    } else {
      out.push_back({"text", t.text});
    }
  }

  void operator()(const Text& t) const { out.push_back({text_name(t.kind), t.text}); }
};

}  // namespace

Result<std::vector<Statement>> read_statements(const EventLog& log, Registers registers,
                                               Algorithm algorithm) {
  const auto replayed = replay(log, registers, algorithm);
  if (!replayed) return replayed.error();
  std::vector<Statement> out;
  out.reserve(log.events.size());
  const SeparatorDigests separators(algorithm);
  std::array<bool, kMaxPcr + 1> separated{};
  for (std::size_t i = 0; i < log.events.size(); ++i) {
    const Event& event = log.events[i];
    Statement s{.event = i, .type = event.type, .raw = event.data};
    s.data = decode_event(event, log.spec.uintn_size);
    if (event.type == event_type::kNoAction) {
      s.covered.coverage = Coverage::kNotExtended;
    } else {
      s.number = register_number(registers, event.register_index);
      s.digest = log.digest(event, algorithm).value_or(Bytes{});
      s.covered = covered_by(event, algorithm, s.digest);
    }
    if (s.number) {
      s.is_separator = separators.contains(s.digest);
      s.after_separator = separated[*s.number];
      separated[*s.number] = separated[*s.number] || s.is_separator;
    }
    out.push_back(std::move(s));
  }
  return out;
}

std::vector<Claim> statement_claims(const Statement& statement) {
  std::vector<Claim> out;
  std::visit(Describe{out, statement.raw}, statement.data);
  return out;
}

}  // namespace ward::tcg
