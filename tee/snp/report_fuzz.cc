#include "base/fuzz.h"
#include "tee/snp/evidence.h"
#include "tee/snp/scheme.h"
#include "tee/snp/trustee_json.h"

namespace ward::snp {
namespace {

void require(bool what) {
  if (!what) __builtin_trap();
}

bool same(const std::vector<TableEntry>& a, const std::vector<TableEntry>& b) {
  const auto equal = [](const TableEntry& x, const TableEntry& y) {
    return x.kind == y.kind && x.data == y.data;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
}

// A table of known kinds is written and read again.
void check_table(const Evidence& evidence) {
  for (const TableEntry& entry : evidence.table) {
    if (entry.kind.size() > 4 || entry.kind == "OTHER") return;
  }
  const Buffer table = write_table(evidence.table);
  if (table.size() > kMaxTableSize) return;
  const auto again = parse_evidence(concat({evidence.report, table}));
  const auto* read = std::get_if<Evidence>(&again);
  require(read != nullptr && read->report == evidence.report && same(read->table, evidence.table));
}

// The JSON of what came from JSON is the same report.
void check_json(const Evidence& evidence, const Report& report) {
  const auto cpuid = report.cpuid();
  if (!cpuid) return;
  const auto product = product_of(*cpuid);
  const Line line = product ? product->line : Line::kMilan;
  const std::string text = trustee_json(report_parts(report), line).text();
  const auto again = parse_evidence(as_bytes(text));
  const auto* read = std::get_if<Evidence>(&again);
  require(read != nullptr && read->report == evidence.report);
}

// The layout covers the octets exactly.
void check_layout(const Snp& scheme, Bytes in) {
  const auto fields = scheme.layout(in);
  require(fields.has_value());
  std::size_t at = 0;
  for (const attest::LayoutField& field : *fields) {
    require(field.offset == at);
    at += field.size;
  }
  require(at == in.size());
}

void check(Bytes in) {
  const Snp scheme;
  const auto parsed = parse_evidence(in);
  const bool read = std::holds_alternative<Evidence>(parsed);
  if (!read) {
    require(!scheme.inspect(in) && !scheme.layout(in) && !scheme.needs(in));
    return;
  }
  const Evidence& evidence = std::get<Evidence>(parsed);
  require(evidence.report.size() == kReportSize);
  check_table(evidence);
  const auto report = parse_report(evidence.report);
  require(scheme.inspect(in).has_value() == report.has_value());
  require(scheme.needs(in).has_value() == report.has_value());
  if (!report) return;
  if (report->signature_rs()) require(write_report(report_parts(*report)) == evidence.report);
  if (in.size() >= kReportSize && equal(in.first(kReportSize), evidence.report)) {
    check_layout(scheme, in);
  } else {
    check_json(evidence, *report);
  }
}

}  // namespace
}  // namespace ward::snp

// Properties: what parses is written and read again to the same octets; the layout of what came as
// octets covers them exactly.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ward::snp::check(ward::Bytes(data, size));
  return 0;
}
