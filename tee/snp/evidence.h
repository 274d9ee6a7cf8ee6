#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "attest/collateral.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/result.h"
#include "tee/snp/report.h"

namespace ward::snp {

// A certificate table is no longer than this, in octets, and has no more entries.
inline constexpr std::size_t kMaxTableSize = 256U << 10U;
inline constexpr std::size_t kMaxTableEntries = 64;

// TableEntry is one certificate or revocation list that came with the report.
struct TableEntry {
  std::string kind;  // "VCEK", "VLEK", "ASK", "ARK", "CRL", or the entry's GUID
  Buffer data;
};

// Evidence is a report with what came along, whichever way they were given. Form only.
struct Evidence {
  Buffer report;  // kReportSize octets, form not looked at
  std::vector<TableEntry> table;
  std::vector<attest::LayoutField> table_layout;  // of an extended report's octets
  std::size_t unread = 0;  // of those, how many stand in parts that no entry names, and not as
                           // the zeros that hosts fill the last page with

  // documents are the table's entries as collateral. Their sender is the attester.
  [[nodiscard]] attest::Collateral documents() const;
};

// is_json is true where the first character that is no blank begins a JSON object.
[[nodiscard]] bool is_json(Bytes evidence);

// parse_evidence takes a report alone; an extended report, with the certificate table right behind
// it (AMD 56421, GHCB, SNP Extended Guest Request; Linux configfs-tsm outblob and auxblob); or the
// JSON that Trustee's guests send ({"attestation_report", "cert_chain"}, the fields of the Rust
// crate `sev`). FormError names what is wrong.
[[nodiscard]] std::variant<Evidence, FormError> parse_evidence(Bytes evidence);

// parse_evidence_json is its JSON part: nullopt, with `why`, where it is not one.
[[nodiscard]] std::optional<Evidence> parse_evidence_json(Bytes json, std::string& why);

// write_evidence_json is its inverse. The report is of the right form, on a processor of `line`.
// kMalformed where it is not, where its signature's numbers are too long, or where an entry is of
// no known kind.
[[nodiscard]] Result<std::string> write_evidence_json(const Evidence& evidence, Line line);

// write_table writes a certificate table: entries of the five kinds that have a GUID.
[[nodiscard]] Buffer write_table(const std::vector<TableEntry>& table);

}  // namespace ward::snp
