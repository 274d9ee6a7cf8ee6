#include "seal/file/fault.h"

namespace ward::seal {
namespace {

struct Row {
  Fault fault;
  Errc code;
  std::string_view name;
  Literal text;
};

using enum Fault;

constexpr Row kRows[] = {
    {kNotSealed, Errc::kMalformed, "not_sealed", "seal.file.not_sealed: not a sealed file"},
    {kHeaderMalformed, Errc::kMalformed, "header_malformed",
     "seal.file.header_malformed: malformed header"},
    {kHeaderLimit, Errc::kLimit, "header_limit", "seal.file.header_limit: header beyond a limit"},
    {kUnsupportedVersion, Errc::kUnsupported, "unsupported_version",
     "seal.file.unsupported_version: version of the format"},
    {kUnsupportedSuite, Errc::kUnsupported, "unsupported_suite",
     "seal.file.unsupported_suite: unknown suite"},
    {kNoSlot, Errc::kUnavailable, "no_slot", "seal.file.no_slot: no slot for this key"},
    {kWrongKey, Errc::kUntrusted, "wrong_key", "seal.file.wrong_key: wrong key"},
    {kHeaderChanged, Errc::kUntrusted, "header_changed",
     "seal.file.header_changed: the header was changed"},
    {kNameMismatch, Errc::kDenied, "name_mismatch",
     "seal.file.name_mismatch: the file has another name"},
    {kIdMismatch, Errc::kDenied, "id_mismatch", "seal.file.id_mismatch: the file has another id"},
    {kContentVersion, Errc::kStale, "content_version",
     "seal.file.content_version: an older version of the content than is accepted"},
    {kSegmentChanged, Errc::kUntrusted, "segment_changed",
     "seal.file.segment_changed: a segment was changed"},
    {kSegmentMoved, Errc::kUntrusted, "segment_moved",
     "seal.file.segment_moved: segments were reordered"},
    {kTruncated, Errc::kTruncated, "truncated", "seal.file.truncated: the file was cut short"},
    {kTrailingData, Errc::kMalformed, "trailing_data",
     "seal.file.trailing_data: data behind the end"},
    {kContentChanged, Errc::kUntrusted, "content_changed",
     "seal.file.content_changed: not the content that the keep signed"},
    {kSizeMismatch, Errc::kMalformed, "size_mismatch",
     "seal.file.size_mismatch: the plaintext changed its size while it was sealed"},
    {kNoProvenance, Errc::kDenied, "no_provenance", "seal.file.no_provenance: no provenance"},
    {kProvenanceUnchecked, Errc::kDenied, "provenance_unchecked",
     "seal.file.provenance_unchecked: a provenance that nobody said how to check"},
    {kTokenUntrusted, Errc::kUntrusted, "token_untrusted",
     "seal.file.token_untrusted: token of the provenance"},
    {kTokenStale, Errc::kStale, "token_stale",
     "seal.file.token_stale: not made while the token of the provenance was valid"},
    {kTokenIssuer, Errc::kDenied, "token_issuer",
     "seal.file.token_issuer: the token has another issuer"},
    {kTokenDenied, Errc::kDenied, "token_denied",
     "seal.file.token_denied: the token accepts no keep"},
    {kTokenWarning, Errc::kDenied, "token_warning",
     "seal.file.token_warning: made on a platform of known weaknesses (the token says warning)"},
    {kDevelopment, Errc::kDenied, "development",
     "seal.file.development: made on a development platform"},
    {kSignature, Errc::kUntrusted, "signature",
     "seal.file.signature: not signed by the key that the token binds"},
    {kInitData, Errc::kUntrusted, "init_data",
     "seal.file.init_data: the token names other init-data"},
    {kWorkload, Errc::kDenied, "workload", "seal.file.workload: made by another workload"},
    {kInputs, Errc::kDenied, "inputs", "seal.file.inputs: made from other inputs"},
};

const Row& row_of(Fault fault) {
  for (const Row& row : kRows) {
    if (row.fault == fault) return row;
  }
  std::abort();  // an enumerator without a row: our own bug, which a test finds
}

}  // namespace

std::string_view to_text(Fault fault) { return row_of(fault).name; }

Error fault_error(Fault fault) {
  const Row& row = row_of(fault);
  return {row.code, row.text};
}

Error fault_error(Fault fault, std::uint64_t value) {
  const Row& row = row_of(fault);
  return {row.code, row.text, value};
}

std::optional<Fault> fault_of(const Error& error) {
  for (const Row& row : kRows) {
    if (std::string_view(row.text.c_str()) == error.what()) return row.fault;
  }
  return std::nullopt;
}

}  // namespace ward::seal
