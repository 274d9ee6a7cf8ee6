#include "tee/dcap/tcb_documents.h"

#include <cctype>
#include <map>
#include <numeric>
#include <type_traits>

#include <gtest/gtest.h>

#include "crypto/signature.h"
#include "pki/certificate.h"
#include "test/support/vectors.h"

namespace ward::dcap {
namespace {

// The value of `name=` in a key_fields column.
std::string field(const std::string& fields, const std::string& name) {
  const std::string key = name + "=";
  auto at = fields.find(key);
  while (at != std::string::npos && at > 0 && fields[at - 1] != ' ')
    at = fields.find(key, at + 1);
  if (at == std::string::npos) return {};
  return fields.substr(at + key.size(), fields.find(' ', at) - at - key.size());
}

std::string lower(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool intel_signed(const SignedDocument& document) {
  for (const char* name :
       {"TCB_Signing_20180521_ec37d981.pem", "TCB_Signing_20250506_c0575e76.pem"}) {
    const auto c =
        pki::parse_certificates(test::read_text(test::vectors_dir() / "dcap/certs" / name));
    EXPECT_TRUE(c) << name;
    if (c->front().public_key->verify_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256,
                                         document.body, document.signature)) {
      return true;
    }
  }
  return false;
}

// Judges every file of one kind of the manifest with `check`, and reports how many.
template <class T, class Check>
void judge(const char* kind, Result<T, Diag> (*parse)(Bytes), Check check) {
  std::size_t in_manifest = 0;
  for (auto& row : test::read_tsv(test::vectors_dir() / "MANIFEST.tsv")) {
    if (row["kind"] != kind) continue;
    ++in_manifest;
    SCOPED_TRACE(row["file"]);
    const Buffer json = test::read_file(test::vectors_dir() / row["file"]);
    check(row, parse(json));
  }
  EXPECT_GT(in_manifest, 0U);
  test::report_vectors(kind, in_manifest, in_manifest, 0);
}

template <class T>
void expect_genuine(std::map<std::string, std::string>& row, const Result<T, Diag>& parsed) {
  ASSERT_TRUE(parsed) << to_text(parsed.error());
  EXPECT_TRUE(intel_signed(*parsed));
  EXPECT_EQ(std::to_string(parsed->version), field(row["key_fields"], "version"));
  EXPECT_EQ(std::to_string(parsed->evaluation_number), field(row["key_fields"], "evalnum"));
  EXPECT_EQ(row["valid_time"],
            format_rfc3339(parsed->issue_date) + ".." + format_rfc3339(parsed->next_update));
  if constexpr (std::is_same_v<T, TcbInfo>) {
    EXPECT_EQ(to_hex(parsed->fmspc), lower(field(row["key_fields"], "fmspc")));
  }
}

template <class T>
void expect_not_genuine(std::map<std::string, std::string>& /*row*/,
                        const Result<T, Diag>& parsed) {
  EXPECT_TRUE(!parsed || !intel_signed(*parsed)) << "a negative vector passes as Intel's";
}

TEST(TcbInfo, EveryVectorParsesWithItsFieldsAndNoNegativeOneIsIntels) {
  WARD_NEED_VECTORS();
  judge("tcbinfo", parse_tcb_info, expect_genuine<TcbInfo>);
  judge("neg-tcbinfo", parse_tcb_info, expect_not_genuine<TcbInfo>);
}

TEST(QeIdentity, EveryVectorParsesWithItsFieldsAndNoNegativeOneIsIntels) {
  WARD_NEED_VECTORS();
  judge("qeid", parse_qe_identity, expect_genuine<QeIdentity>);
  judge("neg-qeid", parse_qe_identity, expect_not_genuine<QeIdentity>);
}

constexpr const char* kComponents =
    R"("sgxtcbcomponents":[{"svn":1},{"svn":2},{"svn":3},{"svn":4},{"svn":5},{"svn":6},{"svn":7},{"svn":8},)"
    R"({"svn":9},{"svn":10},{"svn":11},{"svn":12},{"svn":13},{"svn":14},{"svn":15},{"svn":16}],"pcesvn":13)";

std::string tcb_info_json() {
  return std::string(R"({"tcbInfo": {"id":"SGX","version":3,"issueDate":"2024-05-02T02:44:30Z",)") +
         R"("nextUpdate":"2024-06-01T02:44:30Z","fmspc":"00606A000000","pceId":"0000","tcbType":0,)" +
         R"("tcbEvaluationDataNumber":16,"tcbLevels":[{"tcb":{)" + kComponents +
         R"(},"tcbDate":"2023-08-09T00:00:00Z","tcbStatus":"UpToDate","advisoryIDs":["INTEL-SA-00001"]}]} ,)" +
         R"("signature":")" + std::string(128, 'a') + "\"}";
}

TEST(TcbInfo, TheBodyIsTheOctetsAsSent) {
  const std::string json = tcb_info_json();
  const auto info = parse_tcb_info(as_bytes(json));
  ASSERT_TRUE(info) << to_text(info.error());
  EXPECT_TRUE(as_text(info->body).starts_with(R"({"id":"SGX")"));
  EXPECT_TRUE(as_text(info->body).ends_with("]}"));
  EXPECT_EQ(info->levels.at(0).sgx_components.at(15), 16);
  EXPECT_EQ(info->levels.at(0).advisory_ids, std::vector<std::string>{"INTEL-SA-00001"});
}

struct Edit {
  const char* name;
  const char* from;
  const char* to;
  const char* path;  // of the Diag
};

constexpr Edit kEdits[] = {
    {"no_id", R"("id":"SGX",)", "", "tcbInfo.id"},
    {"version_1", R"("version":3)", R"("version":1)", "tcbInfo.version"},
    {"version_4", R"("version":3)", R"("version":4)", "tcbInfo.version"},
    {"date_without_zone", "02:44:30Z\",\"next", "02:44:30\",\"next", "tcbInfo.issueDate"},
    {"fmspc_short", "00606A000000", "00606A0000", "tcbInfo.fmspc"},
    {"fmspc_not_hex", "00606A000000", "00606G000000", "tcbInfo.fmspc"},
    {"pce_id_number", R"("pceId":"0000")", R"("pceId":0)", "tcbInfo.pceId"},
    {"tcb_type_1", R"("tcbType":0)", R"("tcbType":1)", "tcbInfo.tcbType"},
    {"svn_256", R"({"svn":16})", R"({"svn":256})",
     "tcbInfo.tcbLevels[0].tcb.sgxtcbcomponents[15].svn"},
    {"svn_negative", R"({"svn":16})", R"({"svn":-1})",
     "tcbInfo.tcbLevels[0].tcb.sgxtcbcomponents[15].svn"},
    {"svn_float", R"({"svn":16})", R"({"svn":16.0})",
     "tcbInfo.tcbLevels[0].tcb.sgxtcbcomponents[15].svn"},
    {"fifteen_components", R"({"svn":1},)", "", "tcbInfo.tcbLevels[0].tcb.sgxtcbcomponents"},
    {"pcesvn_65536", R"("pcesvn":13)", R"("pcesvn":65536)", "tcbInfo.tcbLevels[0].tcb.pcesvn"},
    {"unknown_status", "UpToDate", "Uptodate", "tcbInfo.tcbLevels[0].tcbStatus"},
    {"advisory_number", R"(["INTEL-SA-00001"])", "[1]", "tcbInfo.tcbLevels[0].advisoryIDs"},
    {"signature_short", "aaaa\"}", "aa\"}", "signature"},
    {"duplicate_member", R"("id":"SGX",)", R"("id":"SGX","id":"SGX",)", "tcbInfo"},
};

TEST(TcbInfo, EachMalformedMemberIsNamed) {
  for (const Edit& edit : kEdits) {
    SCOPED_TRACE(edit.name);
    std::string json = tcb_info_json();
    const auto at = json.find(edit.from);
    ASSERT_NE(at, std::string::npos);
    json.replace(at, std::string_view(edit.from).size(), edit.to);
    const auto parsed = parse_tcb_info(as_bytes(json));
    ASSERT_FALSE(parsed);
    EXPECT_TRUE(parsed.error().path.starts_with(edit.path)) << to_text(parsed.error());
  }
}

constexpr const char* kModule =
    R"("mrsigner":"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",)"
    R"("attributes":"0000000000000001","attributesMask":"FFFFFFFFFFFFFFFF")";

// tdx_info_json is tcb_info_json() as TDX has it.
std::string tdx_info_json() {
  std::string json = tcb_info_json();
  const auto put = [&](const char* from, const std::string& to) {
    json.replace(json.find(from), std::string_view(from).size(), to);
  };
  put(R"("id":"SGX")", R"("id":"TDX")");
  put(R"("tcbLevels")",
      std::string(R"("tdxModule":{)") + kModule + R"(},"tdxModuleIdentities":[{"id":"TDX_01",)" +
          kModule +
          R"(,"tcbLevels":[{"tcb":{"isvsvn":5},"tcbDate":"2024-03-13T00:00:00Z","tcbStatus":"UpToDate"}]}],)" +
          R"("tcbLevels")");
  put(R"("pcesvn":13)",
      R"("pcesvn":13,"tdxtcbcomponents":[{"svn":4},{"svn":0},{"svn":7},{"svn":0},{"svn":0},{"svn":0},{"svn":0},)"
      R"({"svn":0},{"svn":0},{"svn":0},{"svn":0},{"svn":0},{"svn":0},{"svn":0},{"svn":0},{"svn":6}])");
  return json;
}

TEST(TdxTcbInfo, HasTheModuleAndItsIdentities) {
  const auto info = parse_tcb_info(as_bytes(tdx_info_json()));
  ASSERT_TRUE(info) << to_text(info.error());
  EXPECT_EQ(info->levels.at(0).tdx_components.at(2), 7);
  EXPECT_EQ(info->levels.at(0).tdx_components.at(15), 6);
  ASSERT_TRUE(info->tdx_module);
  EXPECT_EQ(info->tdx_module->attributes.at(7), 1);
  EXPECT_EQ(info->tdx_module->attributes_mask.at(0), 0xff);
  ASSERT_EQ(info->tdx_modules.size(), 1U);
  EXPECT_EQ(info->tdx_modules[0].id, "TDX_01");
  EXPECT_EQ(info->tdx_modules[0].levels.at(0).isv_svn, 5);
}

constexpr Edit kTdxEdits[] = {
    {"no_module", R"("tdxModule":)", R"("tdxModula":)", "tcbInfo.tdxModule"},
    {"module_signer_short", R"("mrsigner":"0000)", R"("mrsigner":"00)",
     "tcbInfo.tdxModule.mrsigner"},
    {"no_components", "tdxtcbcomponents", "tdxtcbcomponent",
     "tcbInfo.tcbLevels[0].tcb.tdxtcbcomponents"},
    {"identities_no_array", R"("tdxModuleIdentities":[)", R"("tdxModuleIdentities":1,"other":[)",
     "tcbInfo.tdxModuleIdentities"},
    {"identity_without_id", R"("id":"TDX_01",)", "", "tcbInfo.tdxModuleIdentities[0].id"},
    {"isvsvn_string", R"("isvsvn":5)", R"("isvsvn":"5")",
     "tcbInfo.tdxModuleIdentities[0].tcbLevels[0].tcb.isvsvn"},
    {"relaunch_is_no_status", R"("UpToDate"}]}])", R"("TDRelaunchAdvised"}]}])",
     "tcbInfo.tdxModuleIdentities[0].tcbLevels[0].tcbStatus"},
};

TEST(TdxTcbInfo, EachMalformedMemberIsNamed) {
  for (const Edit& edit : kTdxEdits) {
    SCOPED_TRACE(edit.name);
    std::string json = tdx_info_json();
    const auto at = json.find(edit.from);
    ASSERT_NE(at, std::string::npos);
    json.replace(at, std::string_view(edit.from).size(), edit.to);
    const auto parsed = parse_tcb_info(as_bytes(json));
    ASSERT_FALSE(parsed);
    EXPECT_TRUE(parsed.error().path.starts_with(edit.path)) << to_text(parsed.error());
  }
}

TEST(TdxTcbInfo, IdentitiesBeyondTheLimitAreRefused) {
  std::string json = tdx_info_json();
  const auto begin = json.find(R"({"id":"TDX_01")");
  const auto end = json.find("],\"tcbLevels\"", begin);
  const std::string identity = json.substr(begin, end - begin);
  const auto with = [&](std::size_t n) {
    std::string all = identity;
    for (std::size_t i = 1; i < n; ++i)
      all += "," + identity;
    return json.substr(0, begin) + all + json.substr(end);
  };
  EXPECT_TRUE(parse_tcb_info(as_bytes(with(kMaxTdxModules))));
  EXPECT_FALSE(parse_tcb_info(as_bytes(with(kMaxTdxModules + 1))));
}

TEST(TcbInfo, RefusesACutAtEveryLength) {
  const std::string json = tcb_info_json();
  for (std::size_t n = 0; n < json.size(); ++n) {
    EXPECT_FALSE(parse_tcb_info(as_bytes(json).first(n))) << n;
  }
}

// A TCB info with a level for each of these PCESVNs.
std::string with_levels(const std::vector<std::size_t>& pce_svns) {
  const std::string json = tcb_info_json();
  const auto begin = json.find("{\"tcb\":");
  const auto end = json.find("]} ,");
  std::string levels;
  for (const std::size_t svn : pce_svns) {
    std::string level = json.substr(begin, end - begin);
    level.replace(level.find("\"pcesvn\":13"), 11, "\"pcesvn\":" + std::to_string(svn));
    levels += (levels.empty() ? "" : ",") + level;
  }
  return json.substr(0, begin) + levels + json.substr(end);
}

TEST(TcbInfo, LevelsBeyondTheLimitAreRefused) {
  std::vector<std::size_t> svns(kMaxTcbLevels);
  std::iota(svns.rbegin(), svns.rend(), 1U);
  EXPECT_TRUE(parse_tcb_info(as_bytes(with_levels(svns))));
  svns.push_back(0);
  EXPECT_FALSE(parse_tcb_info(as_bytes(with_levels(svns))));
  EXPECT_FALSE(parse_tcb_info(as_bytes(with_levels({}))));
}

TEST(TcbInfo, LevelsThatAreNotSortedOrStandTwiceAreRefused) {
  EXPECT_TRUE(parse_tcb_info(as_bytes(with_levels({13, 12, 5}))));
  for (const auto& svns : {std::vector<std::size_t>{12, 13}, {13, 13}, {13, 5, 12}}) {
    const auto parsed = parse_tcb_info(as_bytes(with_levels(svns)));
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().path, "tcbInfo.tcbLevels");
  }
}

}  // namespace
}  // namespace ward::dcap
