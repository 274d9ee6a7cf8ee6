#include "tee/snp/evidence.h"

#include <algorithm>
#include <tuple>

#include <gtest/gtest.h>

#include "base/writer.h"
#include "tee/snp/scheme.h"
#include "tee/snp/trustee_json.h"

namespace ward::snp {
namespace {

ReportParts sample(std::uint32_t version, Line line) {
  ReportParts p;
  p.version = version;
  p.policy = std::uint64_t{1} << guest_policy::kReservedOne;
  p.report_data.fill(7);
  p.chip_id[0] = 9;
  p.reported_tcb = write_tcb({.fmc = 1, .bootloader = 2, .tee = 3, .snp = 4, .microcode = 5}, line);
  p.current_tcb = p.reported_tcb;
  p.committed_tcb = p.reported_tcb;
  p.launch_tcb = p.reported_tcb;
  p.current_version = {1, 58, 3};
  p.committed_version = {1, 58, 2};
  if (version >= 3) p.cpuid = {0x19, 0x11, 1};
  if (version >= 3 && line == Line::kTurin) p.cpuid = {0x1a, 0x02, 1};
  if (version >= 5) p.mit_vectors = {1, ~std::uint64_t{0}};
  p.signature_r[0] = 1;
  p.signature_s[71] = 2;
  return p;
}

Buffer report() { return write_report(sample(5, Line::kTurin)); }

std::string fault(Bytes evidence) {
  const auto parsed = parse_evidence(evidence);
  const auto* wrong = std::get_if<FormError>(&parsed);
  if (wrong == nullptr) return "none";
  EXPECT_EQ(wrong->check, CheckId::kReportForm);
  return wrong->found;
}

std::string fault(const std::string& text) { return fault(as_bytes(text)); }

Evidence parsed(Bytes evidence) {
  auto out = parse_evidence(evidence);
  if (const auto* wrong = std::get_if<FormError>(&out)) {
    ADD_FAILURE() << wrong->found;
    return {};
  }
  return std::get<Evidence>(std::move(out));
}

// Row is one entry of a table's header, as it stands.
struct Row {
  Buffer guid;
  std::uint32_t offset;
  std::uint32_t length;
};

Buffer guid_of(std::uint8_t octet) { return Buffer(16, octet); }

Buffer table(const std::vector<Row>& rows, Bytes behind, bool ended = true) {
  Writer w;
  for (const Row& row : rows) {
    w.bytes(row.guid);
    w.u32le(row.offset);
    w.u32le(row.length);
  }
  if (ended) w.zeros(24);
  w.bytes(behind);
  return w.take();
}

Buffer with(const Buffer& behind) { return concat({report(), behind}); }

// The layout covers the evidence exactly, each octet once.
void expect_covered(Bytes evidence) {
  const auto layout = Snp().layout(evidence);
  ASSERT_TRUE(layout);
  std::size_t at = 0;
  for (const attest::LayoutField& field : *layout) {
    EXPECT_EQ(field.offset, at) << field.name;
    at = field.offset + field.size;
  }
  EXPECT_EQ(at, evidence.size());
}

TEST(Evidence, AReportAlone) {
  const Evidence e = parsed(report());
  EXPECT_EQ(e.report, report());
  EXPECT_TRUE(e.table.empty());
  EXPECT_TRUE(e.documents().documents.empty());
  expect_covered(report());
}

TEST(Evidence, RefusesACutReportAtEveryLength) {
  const Buffer whole = report();
  for (std::size_t n = 0; n < whole.size(); ++n)
    ASSERT_EQ(fault(Bytes(whole).first(n)), std::to_string(n) + " octets") << n;
}

TEST(Table, EntriesOfEveryKindAreReadBack) {
  const std::vector<TableEntry> entries = {
      {"VCEK", {1}}, {"VLEK", {2, 2}}, {"ASK", {3}}, {"ARK", {4, 4}}, {"CRL", {}}};
  const Buffer whole = with(write_table(entries));
  const Evidence e = parsed(whole);
  ASSERT_EQ(e.table.size(), entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(e.table[i].kind, entries[i].kind);
    EXPECT_EQ(e.table[i].data, entries[i].data);
    EXPECT_EQ(e.documents().documents[i].name,
              "the report's certificate table, " + entries[i].kind);
  }
  expect_covered(whole);
}

// The GUIDs of the GHCB specification, as text puts them.
TEST(Table, TheGuidsAreTheSpecifications) {
  const std::pair<const char*, const char*> guids[] = {{"VCEK", "63da758de6644564adc5f4b93be8accd"},
                                                       {"VLEK", "a8074bc2a25a483eaae639c045a0b8a1"},
                                                       {"ASK", "4ab7b379bbac4fe4a02f05aef327c782"},
                                                       {"ARK", "c0b406a4a803495297433fb6014cd0ae"},
                                                       {"CRL", "92f81bc358114d3d97ffd19f88dc67ea"}};
  for (const auto& [kind, guid] : guids)
    EXPECT_EQ(to_hex(Bytes(write_table({{kind, {}}})).first(16)), guid);
}

TEST(Table, AnUnknownGuidIsNamedByItsDigits) {
  const Evidence e = parsed(with(table({{guid_of(0xab), 48, 1}}, Buffer{5})));
  ASSERT_EQ(e.table.size(), 1U);
  EXPECT_EQ(e.table[0].kind, "abababababababababababababababab");
  EXPECT_EQ(e.table[0].data, Buffer{5});
}

TEST(Table, AsManyEntriesAsTheLimitAndNotOneMore) {
  std::vector<Row> rows(kMaxTableEntries, Row{guid_of(1), 0, 0});
  EXPECT_EQ(parsed(with(table(rows, {}))).table.size(), kMaxTableEntries);
  expect_covered(with(table(rows, {})));
  rows.push_back(rows.back());
  EXPECT_NE(fault(with(table(rows, {}))), "none");
}

TEST(Table, AsLongAsTheLimitAndNotOneOctetMore) {
  Buffer behind(kMaxTableSize);
  EXPECT_EQ(parsed(with(behind)).table.size(), 0U);
  behind.push_back(0);
  EXPECT_EQ(fault(with(behind)), std::to_string(kMaxTableSize + 1) + " octets behind the report");
}

TEST(Table, PaddingBehindItIsShown) {
  const Buffer whole = with(concat({write_table({{"ARK", {7, 8}}}), Buffer(4000)}));
  EXPECT_EQ(parsed(whole).table.size(), 1U);
  expect_covered(whole);
  EXPECT_EQ(Snp().layout(whole)->back().value, "behind the entries");
  EXPECT_EQ(parsed(whole).unread, 0U);
}

// What is no padding is passed over like it, and counted.
TEST(Table, OtherOctetsBehindItAreCounted) {
  Buffer whole = with(concat({write_table({{"ARK", {7, 8}}}), Buffer(4000)}));
  whole.back() = 1;
  EXPECT_EQ(parsed(whole).table.size(), 1U);
  EXPECT_EQ(parsed(whole).unread, 4000U);
}

TEST(Table, WithoutAnEndItIsNone) {
  EXPECT_NE(fault(with(table({{guid_of(1), 0, 0}}, {}, false))), "none");
  EXPECT_NE(fault(with(table({}, Buffer(23), false))), "none");
  EXPECT_EQ(fault(with(table({}, Buffer(24), false))), "none");
  const Buffer whole = table({{guid_of(1), 48, 4}}, Buffer(4));
  for (std::size_t n = 1; n < whole.size(); ++n)
    EXPECT_NE(fault(with(to_buffer(Bytes(whole).first(n)))), "none") << n;
}

// A part of the end that is not zero makes it an entry.
TEST(Table, TheEndIsAllZero) {
  for (std::size_t i = 0; i < 24; ++i) {
    Buffer end(24);
    end[i] = 1;
    EXPECT_NE(fault(with(end)), "none") << i;
  }
}

TEST(Table, EntriesThatPointOutsideAreRefused) {
  constexpr std::uint32_t kMost = 0xffffffff;
  const std::pair<std::uint32_t, std::uint32_t> outside[] = {{48, 5},
                                                             {49, 4},
                                                             {52, 1},
                                                             {53, 0},
                                                             {kMost, 0},
                                                             {kMost, 1},
                                                             {1, kMost},
                                                             {48, kMost},
                                                             {52, kMost},
                                                             {kMost - 3, 4},
                                                             {kMost, 53},
                                                             {48, kMost - 47},
                                                             {0x80000000, 0x80000000}};
  for (const auto& [offset, length] : outside) {
    EXPECT_NE(fault(with(table({{guid_of(1), offset, length}}, Buffer(4)))), "none")
        << offset << " " << length;
  }
  for (const auto& [offset, length] :
       {std::pair<std::uint32_t, std::uint32_t>{48, 4}, {52, 0}, {51, 1}})
    EXPECT_EQ(fault(with(table({{guid_of(1), offset, length}}, Buffer(4)))), "none") << offset;
}

TEST(Table, EntriesInsideTheHeaderAreRefused) {
  for (const std::uint32_t offset : {0U, 24U, 47U})
    EXPECT_NE(fault(with(table({{guid_of(1), offset, 1}}, Buffer(4)))), "none") << offset;
  EXPECT_EQ(fault(with(table({{guid_of(1), 0, 0}}, Buffer(4)))), "none");
}

// Else a few octets would be thousands of certificates.
TEST(Table, EntriesThatOverlapAreRefused) {
  const Buffer behind = {1, 2, 3, 4, 5, 6};
  const auto two = [&](std::uint32_t at, std::uint32_t size) {
    return fault(with(table({{guid_of(1), 75, 2}, {guid_of(2), at, size}}, behind)));
  };
  EXPECT_EQ(two(72, 3), "none");
  EXPECT_EQ(two(77, 1), "none");
  EXPECT_EQ(two(75, 0), "none");
  for (const auto& [at, size] : {std::pair<std::uint32_t, std::uint32_t>{72, 4}, {76, 2}, {75, 2}})
    EXPECT_NE(two(at, size), "none") << at;
}

struct Face {
  std::uint32_t version;
  Line line;
};

constexpr Face kFaces[] = {{2, Line::kMilan}, {2, Line::kTurin}, {3, Line::kGenoa},
                           {4, Line::kTurin}, {5, Line::kTurin}, {5, Line::kGenoa}};

TEST(Json, GivesTheReportThatTheGuestHad) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.version);
    const ReportParts p = sample(face.version, face.line);
    const Evidence e = parsed(as_bytes(trustee_json(p, face.line).text()));
    EXPECT_EQ(to_hex(e.report), to_hex(write_report(p)));
    EXPECT_TRUE(e.table.empty());
    EXPECT_TRUE(e.table_layout.empty());
  }
}

// Releases of the crate before 6 have the versions as three numbers each, and no key_info.
TEST(Json, OlderMembersAreRead) {
  const ReportParts p = sample(3, Line::kGenoa);
  TrusteeJson json = trustee_json(p, Line::kGenoa);
  std::erase_if(json.report, [](const auto& member) {
    return member.first == "current" || member.first == "committed" || member.first == "key_info" ||
           member.first.ends_with("_mit_vector");
  });
  json.member("current_major") = "1";
  json.member("current_minor") = "58";
  json.member("current_build") = "3";
  json.member("committed_major") = "1";
  json.member("committed_minor") = "58";
  json.member("committed_build") = "2";
  json.member("_author_key_en") = "0";
  for (const char* tcb : {"current_tcb", "reported_tcb", "committed_tcb", "launch_tcb"})
    json.member(tcb) = R"({"bootloader":2,"tee":3,"_reserved":[0,0,0,0],"snp":4,"microcode":5})";
  EXPECT_EQ(parsed(as_bytes(json.text())).report, write_report(p));
}

TEST(Json, TheChainMayBeAbsentNullOrAList) {
  const ReportParts p = sample(5, Line::kTurin);
  TrusteeJson json = trustee_json(p, Line::kTurin);
  const std::string whole = json.text();
  const std::string without = whole.substr(0, whole.find(",\"cert_chain\"")) + "}";
  EXPECT_TRUE(parsed(as_bytes(without)).table.empty());
  EXPECT_TRUE(parsed(as_bytes(whole)).table.empty());
  json.cert_chain = "[]";
  EXPECT_TRUE(parsed(as_bytes(json.text())).table.empty());
  json.cert_chain = json_table({{"VCEK", {48, 0, 255}}, {"ASK", {}}});
  const Evidence e = parsed(as_bytes(json.text()));
  ASSERT_EQ(e.table.size(), 2U);
  EXPECT_EQ(e.table[0].kind, "VCEK");
  EXPECT_EQ(e.table[0].data, (Buffer{48, 0, 255}));
}

// A sender's own words do not get into what ward prints.
TEST(Json, AKindThatIsNotKnownIsOther) {
  TrusteeJson json = trustee_json(sample(5, Line::kTurin), Line::kTurin);
  json.cert_chain =
      R"([{"cert_type":{"OTHER":"1b"},"data":[1]},{"cert_type":"\u001b[2J","data":[]},{"cert_type":7,"data":[]}])";
  const Evidence e = parsed(as_bytes(json.text()));
  ASSERT_EQ(e.table.size(), 3U);
  for (const TableEntry& entry : e.table)
    EXPECT_EQ(entry.kind, "OTHER");
}

TEST(Json, AChainOfAnotherFormIsRefused) {
  TrusteeJson json = trustee_json(sample(5, Line::kTurin), Line::kTurin);
  for (const char* chain : {"7", "\"\"", "{}", "true"}) {
    json.cert_chain = chain;
    EXPECT_EQ(fault(json.text()), "cert_chain is no list of at most 64 certificates") << chain;
  }
  for (const char* chain :
       {"[7]", "[null]", "[{}]", R"([{"cert_type":"ARK"}])", R"([{"data":[1]}])",
        R"([{"cert_type":"ARK","data":"MII="}])", R"([{"cert_type":"ARK","data":[256]}])",
        R"([{"cert_type":"ARK","data":[-1]}])", R"([{"cert_type":"ARK","data":[1.0]}])",
        R"([{"cert_type":"ARK","data":[null]}])"}) {
    json.cert_chain = chain;
    EXPECT_EQ(fault(json.text()), "cert_chain holds what is no certificate") << chain;
  }
  json.cert_chain = json_table(std::vector<TableEntry>(kMaxTableEntries, {"ARK", {1}}));
  EXPECT_EQ(fault(json.text()), "none");
  json.cert_chain = json_table(std::vector<TableEntry>(kMaxTableEntries + 1, {"ARK", {1}}));
  EXPECT_EQ(fault(json.text()), "cert_chain is no list of at most 64 certificates");
}

// Every member of the newest report: without it, and with what is not of its type or too large.
TEST(Json, AMemberThatIsMissingOrOfAnotherTypeIsNamed) {
  const TrusteeJson good = trustee_json(sample(5, Line::kTurin), Line::kTurin);
  for (std::size_t i = 0; i < good.report.size(); ++i) {
    const std::string name = good.report[i].first;
    SCOPED_TRACE(name);
    TrusteeJson json = good;
    json.report.erase(json.report.begin() + static_cast<std::ptrdiff_t>(i));
    const std::string missing = name == "key_info"                         ? "_author_key_en"
                                : name == "current" || name == "committed" ? name + "_major"
                                                                           : name;
    EXPECT_TRUE(fault(json.text()).starts_with("attestation_report." + missing + " is not "))
        << fault(json.text());
    for (const char* wrong : {"true", "\"1\"", "1.5", "-1", "[]", "[[]]", "18446744073709551616"}) {
      json = good;
      json.report[i].second = wrong;
      EXPECT_NE(fault(json.text()), "none") << wrong;
      if (std::string_view(wrong) == "18446744073709551616") continue;  // no JSON of ward's
      EXPECT_TRUE(fault(json.text()).starts_with("attestation_report." + name + " is not "))
          << fault(json.text());
    }
  }
}

TEST(Json, NumbersAreInTheirRange) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"version", "4294967296", "a number that fits"},
      {"guest_svn", "4294967296", "a number that fits"},
      {"vmpl", "4294967296", "a number that fits"},
      {"sig_algo", "4294967297", "a number that fits"},
      {"key_info", "4294967296", "a number that fits"},
      {"cpuid_fam_id", "256", "a number that fits"},
      {"cpuid_mod_id", "256", "a number that fits"},
      {"cpuid_step", "256", "a number that fits"},
      {"cpuid_step", "null", "a number that fits"},
      {"launch_mit_vector", "null", "a number that fits"},
      {"current_mit_vector", "null", "a number that fits"}};
  for (const auto& [name, value, expected] : cases) {
    TrusteeJson json = trustee_json(sample(5, Line::kTurin), Line::kTurin);
    json.member(name) = value;
    EXPECT_EQ(fault(json.text()),
              std::string("attestation_report.") + name + " is not " + expected);
  }
}

TEST(Json, AListIsOfItsLengthAndOfOctets) {
  for (const char* name : {"family_id", "report_data", "measurement", "chip_id"}) {
    const TrusteeJson good = trustee_json(sample(5, Line::kTurin), Line::kTurin);
    const std::string of = std::string("attestation_report.") + name + " is not ";
    TrusteeJson json = good;
    std::string& value = json.member(name);
    const std::string whole = value;
    const auto size = std::ranges::count(whole, ',') + 1;
    value = whole.substr(0, whole.rfind(',')) + "]";
    EXPECT_EQ(fault(json.text()), of + std::to_string(size) + " numbers");
    value = whole.substr(0, whole.size() - 1) + ",0]";
    EXPECT_EQ(fault(json.text()), of + std::to_string(size) + " numbers");
    for (const char* last : {"256", "-1", "null", "1.5", "\"1\"", "[1]"}) {
      value = whole.substr(0, whole.rfind(',') + 1) + last + "]";
      EXPECT_EQ(fault(json.text()), of + "numbers up to 255") << last;
    }
  }
}

TEST(Json, NestedMembersAreNamedByTheirPath) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"current_tcb", R"({"fmc":1,"bootloader":256,"tee":0,"snp":0,"microcode":0})",
       "current_tcb.bootloader is not a number that fits"},
      {"launch_tcb", R"({"fmc":1,"bootloader":0,"tee":0,"snp":0})",
       "launch_tcb.microcode is not a number that fits"},
      {"committed_tcb", R"({"fmc":1,"bootloader":0,"tee":0,"microcode":0})",
       "committed_tcb.snp is not a number that fits"},
      {"committed_tcb", R"({"fmc":1,"bootloader":0,"snp":0,"microcode":0})",
       "committed_tcb.tee is not a number that fits"},
      {"reported_tcb", R"({"fmc":null,"bootloader":0,"tee":0,"snp":0,"microcode":0})",
       "reported_tcb.fmc is not a number that fits"},
      {"reported_tcb", R"({"bootloader":0,"tee":0,"snp":0,"microcode":0})",
       "reported_tcb.fmc is not a number that fits"},
      {"current", R"({"major":1,"minor":256,"build":0})",
       "current.minor is not a number that fits"},
      {"committed", R"({"minor":1,"build":0})", "committed.major is not a number that fits"},
      {"signature", R"({"r":[1],"s":[]})", "signature.r is not 72 numbers"},
      {"signature", "{}", "signature.r is not 72 numbers"}};
  for (const auto& [name, value, expected] : cases) {
    TrusteeJson json = trustee_json(sample(5, Line::kTurin), Line::kTurin);
    json.member(name) = value;
    EXPECT_EQ(fault(json.text()), std::string("attestation_report.") + expected);
  }
}

// Before Turin a TCB version has no FMC: its octet is the boot loader's.
TEST(Json, AnFmcBeforeTurinIsRefused) {
  TrusteeJson json = trustee_json(sample(3, Line::kGenoa), Line::kGenoa);
  json.member("launch_tcb") = R"({"fmc":0,"bootloader":0,"tee":0,"snp":0,"microcode":0})";
  EXPECT_EQ(fault(json.text()), "attestation_report.launch_tcb.fmc is not null before Turin");
}

TEST(Json, WhatIsNoReportIsRefused) {
  for (const char* text : {"{}", R"({"attestation_report":null})", R"({"attestation_report":[]})",
                           R"({"attestation_report":7,"cert_chain":[]})", " \r\n\t{}"}) {
    EXPECT_EQ(fault(std::string(text)), "JSON without attestation_report") << text;
  }
  for (const char* text : {"{", R"({"attestation_report":{)", "{} {}", R"({"a":1,"a":1})"})
    EXPECT_TRUE(fault(std::string(text)).starts_with("JSON that is malformed: ")) << text;
}

TEST(Json, ItsBoundsHold) {
  const std::string good = trustee_json(sample(5, Line::kTurin), Line::kTurin).text();
  constexpr std::size_t kMost = 2U << 20U;
  EXPECT_EQ(fault(good + std::string(kMost - good.size(), ' ')), "none");
  EXPECT_TRUE(fault(good + std::string(kMost - good.size() + 1, ' '))
                  .starts_with("JSON that is malformed: "));
  for (const std::size_t depth : {9U, 100000U}) {
    const std::string deep =
        R"({"attestation_report":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
    EXPECT_TRUE(fault(deep).starts_with("JSON that is malformed: ")) << depth;
  }
  std::string many = R"({"attestation_report":[0)";
  for (std::size_t i = 0; i < 100001; ++i)
    many += ",0";
  EXPECT_TRUE(fault(many + "]}").starts_with("JSON that is malformed: "));
}

// Members that the crate may add are no reason to refuse what is signed anyway.
TEST(Json, UnknownMembersArePassedOver) {
  TrusteeJson json = trustee_json(sample(5, Line::kTurin), Line::kTurin);
  json.member("_reserved_9") = "[1,2,3]";
  EXPECT_EQ(fault(json.text()), "none");
}

}  // namespace
}  // namespace ward::snp
