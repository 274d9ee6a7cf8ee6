#include "test/dcap_vectors/vectors.h"

#include <fstream>

#include <gtest/gtest.h>

#include "pki/certificate.h"
#include "tee/all.h"
#include "tee/dcap/quote.h"
#include "tee/x509/anchors.h"
#include "verifier/verifier.h"

namespace ward::test {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;

namespace {

std::string text_of(const attest::ClaimValue& value) {
  if (const auto* b = std::get_if<Buffer>(&value)) return to_hex(*b);
  if (const auto* n = std::get_if<std::uint64_t>(&value)) return std::to_string(*n);
  if (const auto* b = std::get_if<bool>(&value)) return *b ? "True" : "False";
  if (const auto* s = std::get_if<std::string>(&value)) return *s;
  return {};
}

std::string word(const std::string& fields, const std::string& name) {
  const auto at = (" " + fields).find(" " + name + "=");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 1;
  return fields.substr(from, fields.find(' ', from) - from);
}

// The manifest's word for a claim.
std::string manifest_name(const std::string& claim) {
  static const std::map<std::string, std::string> python_names = {
      {"version", "ver"},
      {"certification_data_type", "ct"},
      {"isv_prod_id", "isvprodid"},
      {"isv_svn", "isvsvn"},
      {"mr_td", "mrtd"},
      {"mr_seam", "mrseam"},
      {"td_attributes", "tdattr"},
      {"qe_report.isv_svn", "qe_isvsvn"},
      {"rt_mr0", "rtmr0"}};
  const auto found = python_names.find(claim);
  return found == python_names.end() ? claim : found->second;
}

dcap::Quote parse(Bytes quote) {
  auto sgx = dcap::parse_quote(quote, dcap::TeeType::kSgx);
  return sgx ? *std::move(sgx) : *dcap::parse_quote(quote, dcap::TeeType::kTdx);
}

const attest::Scheme& scheme_of(Bytes quote) {
  const attest::Scheme* scheme = attest::recognise(tee::all_schemes(), quote);
  if (scheme == nullptr) std::abort();
  return *scheme;
}

}  // namespace

std::filesystem::path vectors(const std::string& name) { return vectors_dir() / name; }

attest::Collateral documents(std::initializer_list<std::string> names) {
  attest::Collateral out;
  for (const std::string& name : names) {
    out.documents.push_back({name, read_file(vectors(name))});
  }
  return out;
}

attest::Collateral everything() {
  attest::Collateral out;
  for (const char* folder : {"dcap/tcbinfo", "dcap/qeid", "dcap/crl", "dcap/certs"}) {
    for (const auto& entry : std::filesystem::directory_iterator(vectors(folder))) {
      out.documents.push_back({entry.path().filename(), read_file(entry.path())});
    }
  }
  return out;
}

attest::Collateral row_documents(Row& row) {
  return documents({row["tcb_info"], row["qe_identity"], row["pck_crl"], row["root_crl"],
                    row["tcb_signing_cert"], row["root_ca"]});
}

Appraisal judge(Bytes quote, const attest::Collateral& collateral, const std::string& at,
                const attest::Policy& policy) {
  const verifier::Verifier verifier(tee::all_schemes(), {}, policy);
  auto result = verifier.appraise(
      {.evidence = quote,
       .collateral = collateral,
       .now = *parse_rfc3339(at),
       .expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}}});
  EXPECT_TRUE(result);
  return *std::move(result);
}

void expect_apart(const std::string& own, const Buffer& genuine,
                  const attest::Collateral& collateral, const std::string& at,
                  const attest::Policy& policy) {
  const std::filesystem::path folder = source_dir() / "tee" / own;
  attest::Collateral both = collateral;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    // An event log is of one piece of evidence.
    if (name != "evidence" && name != "case.txt" && name != "ccel.bin") {
      both.documents.push_back({name, read_file(entry.path())});
    }
  }
  const auto appraise = [&](std::vector<attest::Anchor> roots, attest::Policy allowing,
                            const Buffer& evidence, const std::string& when) {
    allowing.allow_development = true;
    const verifier::Verifier verifier(tee::all_schemes(), std::move(roots), std::move(allowing));
    const attest::Unchecked none;
    return *verifier.appraise({.evidence = evidence,
                               .collateral = both,
                               .now = *parse_rfc3339(when),
                               .expected = {none, none, none}});
  };
  const auto roots = *x509::development_anchors(read_text(folder / "root_ca.pem"));
  const attest::Appraisal without = judge(genuine, collateral, at, policy);
  const attest::Appraisal beside = appraise(roots, policy, genuine, at);
  EXPECT_EQ(beside.verdict, without.verdict) << failed_of(beside);
  EXPECT_EQ(beside.tcb.status, without.tcb.status);
  EXPECT_EQ(beside.failed(), without.failed());
  EXPECT_FALSE(beside.development);

  const Buffer evidence = read_file(folder / "evidence");
  std::string when;
  std::ifstream facts(folder / "case.txt");
  for (std::string name, value; when.empty() && facts >> name >> value;) {
    if (name == "at") when = value;
  }
  const attest::Appraisal marked = appraise(roots, anything_good(), evidence, when);
  EXPECT_EQ(marked.verdict, attest::Verdict::kAccepted) << failed_of(marked);
  EXPECT_TRUE(marked.development);
  const attest::Appraisal refused = appraise({}, anything_good(), evidence, when);
  EXPECT_EQ(refused.verdict, attest::Verdict::kRefused);
  EXPECT_FALSE(refused.tcb.status);
}

attest::Policy lenient(const std::string& status) {
  attest::Policy p;
  p.accepted_tcb = {status};
  p.allow_debug = true;
  return p;
}

attest::Policy anything_good() {
  attest::Policy p;
  p.accept_any_tcb = true;
  p.allow_debug = true;
  return p;
}

std::string failed_of(const Appraisal& appraisal) {
  std::string out;
  for (const std::string& id : appraisal.failed()) {
    out += id + " ";
  }
  return out;
}

std::string claim_text(const Appraisal& appraisal, const std::string& name) {
  for (const attest::Claim& claim : appraisal.claims) {
    if (claim.name == name) return text_of(claim.value);
  }
  return {};
}

void expect_fields(Row& row) {
  SCOPED_TRACE(row["file"]);
  const Buffer bytes = read_file(vectors(row["file"]));
  const attest::Scheme& scheme = scheme_of(bytes);
  const auto claims = scheme.inspect(bytes);
  ASSERT_TRUE(claims);
  std::size_t compared = 0;
  for (const attest::Claim& claim : *claims) {
    if (claim.name == "pce_svn" || claim.name == "qe_svn") {
      continue;  // the manifest's are the PCK's
    }
    std::string value = text_of(claim.value);
    std::string want = word(row["key_fields"], manifest_name(claim.name));
    if (want.empty()) continue;
    if (want.ends_with("..")) {  // the manifest cuts long values
      want.resize(want.size() - 2);
      value.resize(want.size());
    }
    EXPECT_EQ(value, want) << claim.name;
    ++compared;
  }
  EXPECT_GE(compared, 8U);
  std::size_t at = 0;
  const auto layout = scheme.layout(bytes);
  ASSERT_TRUE(layout);
  for (const auto& field : *layout) {
    EXPECT_EQ(field.offset, at) << field.name;
    at += field.size;
  }
  EXPECT_EQ(at, bytes.size());
}

std::size_t expect_kind_fields(const std::string& kind) {
  std::size_t judged = 0;
  for (Row& row : read_tsv(vectors("MANIFEST.tsv"))) {
    if (row["kind"] != kind) continue;
    expect_fields(row);
    ++judged;
  }
  return judged;
}

void expect_mixture(const std::string& kind, const std::vector<Expected>& expected,
                    std::size_t others) {
  const attest::Collateral mixture = everything();
  std::map<std::string, std::size_t> in_manifest;
  for (Row& row : read_tsv(vectors("MANIFEST.tsv"))) {
    if (row["kind"] == kind) in_manifest[row["file"]] = 0;
  }
  for (const Expected& e : expected) {
    SCOPED_TRACE(std::string(e.file) + " at " + e.at);
    const Appraisal a = judge(read_file(vectors(e.file)), mixture, e.at, anything_good());
    EXPECT_EQ(a.failed(), e.failed);
    EXPECT_EQ(a.verdict, e.failed.empty() ? Verdict::kAccepted : Verdict::kRefused);
    EXPECT_EQ(a.tcb.status.value_or(""), e.status == nullptr ? "" : e.status);
    if (e.status != nullptr) {
      EXPECT_FALSE(a.notes.empty()) << "what was passed over is named";
    }
    ++in_manifest[e.file];
  }
  std::size_t judged = others;
  for (const auto& [file, times] : in_manifest) {
    judged += times > 0 ? 1U : 0U;
  }
  EXPECT_EQ(judged, in_manifest.size()) << "a file of the manifest is not judged";
  report_vectors(kind, in_manifest.size(), judged, 0);
}

std::vector<Range> qe_ranges(Bytes whole, const std::string& tee) {
  const dcap::Quote q = parse(whole);
  const dcap::QeLayout& l = q.qe_layout;
  const std::size_t end = q.signed_part().size();
  std::vector<Range> out = {
      {end, end + 4, "quote.size"},
      {end + 4, end + 68, "quote.signature"},
      {end + 68, end + 132, "qe_report.report_data"},
      {l.report, l.auth_data_size, "qe_report.signature"},
      {l.auth_data_size, l.auth_data, "quote.size"},
      {l.auth_data, l.certification_type, "qe_report.report_data"},
      {l.certification_size, l.certification_data, "quote.size"},
  };
  if (q.version > 3) {
    out.push_back({l.outer_type, l.outer_type + 2, "quote.certification_data_type"});
    out.push_back({l.outer_type + 2, l.report, "quote.size"});
  }
  for (Range& range : out) {
    range.id = tee + "." + range.id;
  }
  return out;
}

void expect_flips(const Sample& sample, const std::vector<Range>& ranges) {
  const Buffer whole = read_file(vectors(sample.file));
  const attest::Policy policy = lenient(sample.status);
  ASSERT_EQ(judge(whole, sample.collateral, sample.at, policy).verdict, Verdict::kAccepted);
  const dcap::Quote quote = parse(whole);
  const std::size_t end = quote.qe_layout.certification_data;
  for (std::size_t at = 0; at < end; ++at) {
    Buffer flipped = whole;
    flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ (1U << (at % 8)));
    const Appraisal a = judge(flipped, sample.collateral, sample.at, policy);
    ASSERT_NE(a.verdict, Verdict::kAccepted) << at;
    const auto range =
        std::ranges::find_if(ranges, [&](const Range& r) { return at >= r.begin && at < r.end; });
    // The type of the inner certification data alone is not in a range: with another type the chain
    // is absent, or the type unknown.
    if (range == ranges.end()) {
      EXPECT_TRUE(at >= quote.qe_layout.certification_type &&
                  at < quote.qe_layout.certification_size)
          << at;
      continue;
    }
    ASSERT_NE(a.check(range->id), nullptr) << at << " " << range->id;
    EXPECT_EQ(a.check(range->id)->outcome, Outcome::kFailed)
        << at << " " << range->id << ": " << failed_of(a);
  }
}

// The chain is PEM text: line ends and blanks may change without changing a certificate; everything
// else must not pass.
void expect_chain_flips(const Sample& sample) {
  const Buffer whole = read_file(vectors(sample.file));
  const dcap::Quote quote = parse(whole);
  const auto original = pki::parse_certificates(as_text(quote.qe.certification_data));
  ASSERT_TRUE(original);
  std::size_t refused = 0;
  for (std::size_t at = quote.qe_layout.certification_data; at < whole.size(); ++at) {
    Buffer flipped = whole;
    flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ (1U << (at % 8)));
    const Appraisal a = judge(flipped, sample.collateral, sample.at, lenient(sample.status));
    if (a.verdict != Verdict::kAccepted) {
      ++refused;
      EXPECT_FALSE(a.failed().empty()) << at;
      continue;
    }
    const auto again = pki::parse_certificates(as_text(parse(flipped).qe.certification_data));
    ASSERT_TRUE(again && again->size() == 3) << at;
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ((*again)[i].der, (*original)[i].der) << at;
    }
  }
  EXPECT_GT(refused, 3500U);
}

void expect_cuts(const Sample& sample, const std::string& tee) {
  const Buffer whole = read_file(vectors(sample.file));
  for (std::size_t n = 1; n < whole.size(); ++n) {
    const Appraisal a = judge(Bytes(whole).first(n), {}, sample.at);
    EXPECT_EQ(a.failed(), Ids{tee + ".quote.size"}) << n;
  }
}

void expect_moments(const Sample& sample, const std::vector<Moment>& moments) {
  const Buffer quote = read_file(vectors(sample.file));
  for (const Moment& m : moments) {
    SCOPED_TRACE(m.name);
    const Appraisal a = judge(quote, sample.collateral, m.at, lenient(sample.status));
    EXPECT_EQ(a.verdict, Verdict::kRefused);
    ASSERT_NE(a.check(m.failed), nullptr);
    EXPECT_EQ(a.check(m.failed)->outcome, Outcome::kFailed) << failed_of(a);
  }
}

void expect_absences(const Sample& sample, const Ids& ids) {
  const Buffer quote = read_file(vectors(sample.file));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    SCOPED_TRACE(ids[i]);
    attest::Collateral some = sample.collateral;
    some.documents.erase(some.documents.begin() + static_cast<std::ptrdiff_t>(i));
    const Appraisal a = judge(quote, some, sample.at, lenient(sample.status));
    EXPECT_EQ(a.verdict, Verdict::kUndetermined) << failed_of(a);
    EXPECT_EQ(a.check(ids[i])->not_done, attest::NotDone::kAbsent);
  }
}

}  // namespace ward::test
