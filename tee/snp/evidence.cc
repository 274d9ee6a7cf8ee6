#include "tee/snp/evidence.h"

#include <algorithm>

#include "base/writer.h"

namespace ward::snp {
namespace {

using Guid = std::array<std::uint8_t, 16>;

struct Kind {
  const char* name;
  Guid guid;
};

// GHCB, table of GUIDs of the certificate table; octets in the order of the text.
constexpr Kind kKinds[] = {
    {"VCEK",
     {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac,
      0xcd}},
    {"VLEK",
     {0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8,
      0xa1}},
    {"ASK",
     {0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7,
      0x82}},
    {"ARK",
     {0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0,
      0xae}},
    {"CRL",
     {0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d, 0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67,
      0xea}},
};

constexpr std::size_t kEntrySize = 24;  // GUID, offset, length

std::string kind_of(Bytes guid) {
  for (const Kind& kind : kKinds) {
    if (equal(kind.guid, guid)) return kind.name;
  }
  return to_hex(guid);
}

// Span is one entry as it stands in the header, and its octets in the table.
struct Span {
  std::string kind;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

// apart is true where no entry overlaps another or the header.
bool apart(std::vector<Span> spans, std::size_t header) {
  std::ranges::sort(spans, {}, &Span::offset);
  std::size_t end = header;
  for (const Span& span : spans) {
    if (span.length == 0) continue;
    if (span.offset < end) return false;
    end = std::size_t{span.offset} + span.length;
  }
  return true;
}

// read_header reads entries up to the zero entry; nullopt where it is not one, or points outside.
std::optional<std::vector<Span>> read_header(Bytes table) {
  std::vector<Span> out;
  Reader r(table);
  while (true) {
    Bytes guid;
    Span span;
    if (!r.bytes(sizeof(Guid), guid) || !r.u32le(span.offset) || !r.u32le(span.length)) {
      return std::nullopt;
    }
    if (all_zero(guid) && span.offset == 0 && span.length == 0) break;
    if (out.size() == kMaxTableEntries || span.offset > table.size() ||
        span.length > table.size() - span.offset) {
      return std::nullopt;
    }
    span.kind = kind_of(guid);
    out.push_back(std::move(span));
  }
  return apart(out, r.offset()) ? std::optional(std::move(out)) : std::nullopt;
}

attest::LayoutField field(std::size_t at, std::size_t size, std::string name, const char* type,
                          std::string value) {
  return {.offset = kReportSize + at,
          .size = size,
          .name = "certificates." + std::move(name),
          .type = type,
          .value = std::move(value)};
}

// The table's layout: header, entries in order of their place, and what lies between.
std::vector<attest::LayoutField> layout_of(Bytes table, std::vector<Span> spans) {
  std::vector<attest::LayoutField> out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < spans.size(); ++i, at += kEntrySize) {
    out.push_back(field(at, kEntrySize, "entry" + std::to_string(i), "cert_table_entry",
                        spans[i].kind + ", " + std::to_string(spans[i].length) + " octets at " +
                            std::to_string(spans[i].offset)));
  }
  out.push_back(field(at, kEntrySize, "end", "cert_table_entry", "zero"));
  at += kEntrySize;
  std::ranges::stable_sort(spans, {}, &Span::offset);
  for (const Span& span : spans) {
    const std::size_t end = std::size_t{span.offset} + span.length;
    if (end <= at) continue;
    if (span.offset > at) {
      out.push_back(field(at, span.offset - at, "unused", "octets", "between the entries"));
      at = span.offset;
    }
    out.push_back(
        field(at, end - at, span.kind, "certificate", to_hex(table.subspan(at, end - at))));
    at = end;
  }
  if (at < table.size()) {
    out.push_back(field(at, table.size() - at, "unused", "octets", "behind the entries"));
  }
  return out;
}

FormError form_error(std::string found) {
  return {CheckId::kReportForm, std::move(found),
          "a report of 1184 octets, alone or with its certificate table, or JSON of one"};
}

std::variant<Evidence, FormError> extended(Bytes evidence) {
  const Bytes table = evidence.subspan(kReportSize);
  if (table.size() > kMaxTableSize) {
    return form_error(std::to_string(table.size()) + " octets behind the report");
  }
  const auto spans = read_header(table);
  if (!spans) {
    return form_error(std::to_string(table.size()) +
                      " octets behind the report that are no certificate table");
  }
  Evidence out{.report = to_buffer(evidence.first(kReportSize))};
  for (const Span& span : *spans) {
    out.table.push_back({span.kind, to_buffer(table.subspan(span.offset, span.length))});
  }
  out.table_layout = layout_of(table, *spans);
  for (const attest::LayoutField& one : out.table_layout) {
    const bool named = one.name != "certificates.unused";
    if (!named && !all_zero(evidence.subspan(one.offset, one.size))) out.unread += one.size;
  }
  return out;
}

}  // namespace

bool is_json(Bytes evidence) {
  const std::string_view text = as_text(evidence);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

attest::Collateral Evidence::documents() const {
  attest::Collateral out;
  for (const TableEntry& entry : table) {
    out.documents.push_back({"the report's certificate table, " + entry.kind, entry.data});
  }
  return out;
}

std::variant<Evidence, FormError> parse_evidence(Bytes evidence) {
  if (is_json(evidence)) {
    std::string why;
    auto json = parse_evidence_json(evidence, why);
    if (!json) return form_error(why);
    return *std::move(json);
  }
  if (evidence.size() > kReportSize) return extended(evidence);
  if (evidence.size() < kReportSize) return form_error(std::to_string(evidence.size()) + " octets");
  return Evidence{.report = to_buffer(evidence)};
}

Buffer write_table(const std::vector<TableEntry>& table) {
  Writer w;
  std::size_t at = (table.size() + 1) * kEntrySize;
  for (const TableEntry& entry : table) {
    const auto* kind =
        std::ranges::find_if(kKinds, [&](const Kind& k) { return entry.kind == k.name; });
    w.bytes(kind == std::end(kKinds) ? Guid{} : kind->guid);
    w.u32le(static_cast<std::uint32_t>(at));
    w.u32le(static_cast<std::uint32_t>(entry.data.size()));
    at += entry.data.size();
  }
  w.zeros(kEntrySize);
  for (const TableEntry& entry : table) {
    w.bytes(entry.data);
  }
  return w.take();
}

}  // namespace ward::snp
