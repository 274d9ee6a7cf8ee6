#include <limits>
#include <utility>

#include "codec/json.h"
#include "tee/snp/evidence.h"

namespace ward::snp {
namespace {

using codec::JsonValue;

// Fields reads the members of one object; the first that is wrong is remembered with its `path`,
// and the rest read as nothing.
class Fields {
 public:
  Fields(const JsonValue& object, std::string path, std::string& why)
      : object_(object), path_(std::move(path)), why_(why) {}

  [[nodiscard]] bool ok() const { return why_.empty(); }

  // has is true for a member that is there and not null.
  [[nodiscard]] bool has(std::string_view name) const {
    const JsonValue* v = object_.find(name);
    return v != nullptr && v->kind() != JsonValue::Kind::kNull;
  }

  template <class T>
  void number(std::string_view name, T& out) {
    const JsonValue* v = object_.find(name);
    const auto value = v == nullptr ? std::nullopt : v->as_uint();
    if (!value || *value > std::numeric_limits<T>::max()) return fail(name, "a number that fits");
    out = static_cast<T>(*value);
  }

  template <std::size_t N>
  void octets(std::string_view name, std::array<std::uint8_t, N>& out) {
    const JsonValue* v = object_.find(name);
    if (v == nullptr || v->items().size() != N) {
      return fail(name, std::to_string(N) + " numbers");
    }
    for (std::size_t i = 0; i < N; ++i) {
      const auto value = v->items()[i].as_uint();
      if (!value || *value > 255) return fail(name, "numbers up to 255");
      out.at(i) = static_cast<std::uint8_t>(*value);
    }
  }

  // object calls `read` with the members of a nested object.
  template <class Read>
  void object(std::string_view name, Read read) {
    const JsonValue* v = object_.find(name);
    if (v == nullptr || !v->is_object()) return fail(name, "an object");
    Fields inner(*v, path_ + std::string(name) + ".", why_);
    read(inner);
  }

  void fail(std::string_view name, const std::string& expected) {
    if (ok()) why_ = path_ + std::string(name) + " is not " + expected;
  }

 private:
  const JsonValue& object_;
  std::string path_;
  std::string& why_;
};

void read_tcb(Fields& f, std::string_view name, Line line, std::array<std::uint8_t, 8>& out) {
  f.object(name, [&](Fields& tcb) {
    Tcb parts;
    if (line == Line::kTurin) {
      std::uint8_t fmc = 0;
      tcb.number("fmc", fmc);
      parts.fmc = fmc;
    } else if (tcb.has("fmc")) {
      tcb.fail("fmc", "null before Turin");
    }
    tcb.number("bootloader", parts.bootloader);
    tcb.number("tee", parts.tee);
    tcb.number("snp", parts.snp);
    tcb.number("microcode", parts.microcode);
    out = write_tcb(parts, line);
  });
}

// Versions of the crate name the firmware's version in one object or in three numbers.
void read_version(Fields& f, const std::string& name, std::array<std::uint8_t, 3>& out) {
  if (!f.has(name)) {
    f.number(name + "_major", out[0]);
    f.number(name + "_minor", out[1]);
    f.number(name + "_build", out[2]);
    return;
  }
  f.object(name, [&](Fields& version) {
    version.number("major", out[0]);
    version.number("minor", out[1]);
    version.number("build", out[2]);
  });
}

// The processor decides where a TCB version's parts stand. Version 2 does not name it; a TCB with
// an FMC is Turin's.
Line line_of(Fields& f, ReportParts& p) {
  if (p.version >= 3) {
    std::array<std::uint8_t, 3> cpuid{};
    f.number("cpuid_fam_id", cpuid[0]);
    f.number("cpuid_mod_id", cpuid[1]);
    f.number("cpuid_step", cpuid[2]);
    p.cpuid = cpuid;
    const auto product = product_of({cpuid[0], cpuid[1], cpuid[2]});
    return product ? product->line : Line::kMilan;
  }
  Line out = Line::kMilan;
  f.object("reported_tcb", [&](Fields& tcb) {
    if (tcb.has("fmc")) out = Line::kTurin;
  });
  return out;
}

void read_report(Fields& f, ReportParts& p) {
  f.number("version", p.version);
  f.number("guest_svn", p.guest_svn);
  f.number("policy", p.policy);
  f.octets("family_id", p.family_id);
  f.octets("image_id", p.image_id);
  f.number("vmpl", p.vmpl);
  f.number("sig_algo", p.signature_algo);
  f.number("plat_info", p.platform_info);
  f.number(f.has("key_info") ? "key_info" : "_author_key_en", p.key_info);
  f.octets("report_data", p.report_data);
  f.octets("measurement", p.measurement);
  f.octets("host_data", p.host_data);
  f.octets("id_key_digest", p.id_key_digest);
  f.octets("author_key_digest", p.author_key_digest);
  f.octets("report_id", p.report_id);
  f.octets("report_id_ma", p.report_id_ma);
  f.octets("chip_id", p.chip_id);
  const Line line = line_of(f, p);
  read_tcb(f, "current_tcb", line, p.current_tcb);
  read_tcb(f, "reported_tcb", line, p.reported_tcb);
  read_tcb(f, "committed_tcb", line, p.committed_tcb);
  read_tcb(f, "launch_tcb", line, p.launch_tcb);
  read_version(f, "current", p.current_version);
  read_version(f, "committed", p.committed_version);
  if (p.version >= 5) {
    std::array<std::uint64_t, 2> vectors{};
    f.number("launch_mit_vector", vectors[0]);
    f.number("current_mit_vector", vectors[1]);
    p.mit_vectors = vectors;
  }
  f.object("signature", [&](Fields& signature) {
    signature.octets("r", p.signature_r);
    signature.octets("s", p.signature_s);
  });
}

std::optional<TableEntry> read_entry(const JsonValue& entry) {
  const JsonValue* type = entry.find("cert_type");
  const JsonValue* data = entry.find("data");
  if (type == nullptr || data == nullptr || !data->is_array()) return std::nullopt;
  TableEntry out{.kind = "OTHER"};
  for (const std::string_view kind : {"VCEK", "VLEK", "ASK", "ARK", "CRL"}) {
    if (type->as_string() == kind) out.kind = kind;
  }
  out.data.reserve(data->items().size());
  for (const JsonValue& item : data->items()) {
    const auto octet = item.as_uint();
    if (!octet || *octet > 255) return std::nullopt;
    out.data.push_back(static_cast<std::uint8_t>(*octet));
  }
  return out;
}

}  // namespace

std::optional<Evidence> parse_evidence_json(Bytes json, std::string& why) {
  why.clear();
  const auto root = codec::parse_json(json, {.max_bytes = 2U << 20U, .max_depth = 8});
  if (!root) {
    why = "JSON that is malformed: " + to_text(root.error());
    return std::nullopt;
  }
  const JsonValue* report = root->find("attestation_report");
  if (report == nullptr || !report->is_object()) {
    why = "JSON without attestation_report";
    return std::nullopt;
  }
  ReportParts parts;
  Fields fields(*report, "attestation_report.", why);
  read_report(fields, parts);
  if (!fields.ok()) return std::nullopt;
  Evidence out{.report = write_report(parts)};
  const JsonValue* chain = root->find("cert_chain");
  if (chain == nullptr || chain->kind() == JsonValue::Kind::kNull) return out;
  if (!chain->is_array() || chain->items().size() > kMaxTableEntries) {
    why = "cert_chain is no list of at most " + std::to_string(kMaxTableEntries) + " certificates";
    return std::nullopt;
  }
  for (const JsonValue& item : chain->items()) {
    auto entry = read_entry(item);
    if (!entry) {
      why = "cert_chain holds what is no certificate";
      return std::nullopt;
    }
    out.table.push_back(*std::move(entry));
  }
  return out;
}

}  // namespace ward::snp
