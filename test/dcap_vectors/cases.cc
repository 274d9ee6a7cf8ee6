// ward's verdicts against two peers': every difference with who is right and why.
#include <gtest/gtest.h>

#include "tee/dcap/tcb_documents.h"
#include "test/dcap_vectors/vectors.h"

namespace ward::test {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;

// QVL's words for Intel's; empty where no TCB level matched.
std::string status_of(const std::string& qvl) {
  static const std::map<std::string, std::string> words = {
      {"OK", "UpToDate"},
      {"TCB_SW_HARDENING_NEEDED", "SWHardeningNeeded"},
      {"TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED", "ConfigurationAndSWHardeningNeeded"},
      {"TCB_OUT_OF_DATE", "OutOfDate"},
      {"TCB_TD_RELAUNCH_ADVISED", "TDRelaunchAdvised"},
      {"TCB_NOT_SUPPORTED", ""}};
  const auto found = words.find(qvl);
  return found == words.end() ? qvl : found->second;
}

// A TD of a module from 1.5 on: TEE_TCB_SVN[1], the module's version, is not 0.
bool module_15(const Appraisal& a) {
  const std::string svn = claim_text(a, "tee_tcb_svn");
  return svn.size() == 32 && svn.substr(2, 2) != "00";
}

// without_module_rule is what a TD comes to where all sixteen tdxtcbcomponents are compared with
// TEE_TCB_SVN and no TDX module identity is looked at: status and number of advisories, or JS's
// words. PCS API v4, TCB info, tdxtcbcomponents: from module 1.5 on components 0 and 1 are the
// module's, which tdxModuleIdentities judge. (Its synthetic twins are in test/dcap_checks.)
std::string without_module_rule(Row& row, const Appraisal& a) {
  const auto info = dcap::parse_tcb_info(read_file(vectors(row["tcb_info"])));
  const Buffer sgx = *from_hex(claim_text(a, "pck.tcb_components"));
  const Buffer tdx = *from_hex(claim_text(a, "tee_tcb_svn"));
  const auto pce_svn = std::stoul(claim_text(a, "pck.pce_svn"));
  for (const dcap::TcbLevel& level : info->levels) {
    bool reached = pce_svn >= level.pce_svn;
    for (std::size_t i = 0; i < 16; ++i) {
      reached =
          reached && sgx[i] >= level.sgx_components.at(i) && tdx[i] >= level.tdx_components.at(i);
    }
    if (reached) {
      return std::string(tcb_status_text(level.status)) + "|" +
             std::to_string(level.advisory_ids.size());
    }
  }
  return "ERR No matching TCB level found";
}

// explained is true where ward says something else than Phala's JavaScript, or says it in other
// words, and one of these rules says why. `a` was appraised with everything but the facts allowed.
bool explained(Row& row, const Appraisal& a) {
  const std::string& js = row["phala_js_0.3.9"];
  const bool no_level = a.check(a.tee + ".tcb.level")->outcome == Outcome::kFailed;
  // PCS API v4, TCB info: version 2 is a document like version 3, which JS cannot decode.
  if (js.find("Failed to decode TcbInfo") != std::string::npos) {
    return row["tcb_info"].find("_v2_") != std::string::npos;
  }
  // SDM, ATTRIBUTES.DEBUG; TDX Module ABI, ATTRIBUTES.TUD: for the relying party's policy to
  // decide.
  if (js == "ERR Debug mode is enabled") return claim_text(a, "debug") == "True";
  // TDX Module ABI, ATTRIBUTES.SEPT_VE_DISABLE: guests that handle #VE need not set it.
  if (js == "ERR SEPT_VE_DISABLE is not enabled") {
    return claim_text(a, "td_attributes.sept_ve_disable") == "False";
  }
  // RFC 5280 6.1.3 (a)(2): here JS and ward agree, and QVL is wrong.
  if (js == "ERR Certificate is expired or not yet valid") {
    return a.check(a.tee + ".pck_chain.not_before")->outcome == Outcome::kFailed;
  }
  if (js == "ERR Failed to verify certificate chain - leaf signature invalid") {
    return a.check(a.tee + ".pck_chain.signature")->outcome == Outcome::kFailed;
  }
  if (module_15(a)) return js == without_module_rule(row, a);
  if (js == "ERR No matching TCB level found") return no_level;
  return js == a.tcb.status.value_or("") + "|" + std::to_string(a.tcb.advisories.size());
}

void judge_row(Row& row) {
  SCOPED_TRACE(row["quote"] + " at " + row["time"] + " with " + row["tcb_info"]);
  const Buffer quote = read_file(vectors(row["quote"]));
  const auto collateral = row_documents(row);
  const Appraisal strict = judge(quote, collateral, row["time"]);
  const std::string tee = strict.tee + ".";
  const std::string& qvl = row["intel_qvl_verdict"];
  EXPECT_TRUE(explained(row, strict))
      << row["phala_js_0.3.9"] << ", ward: " << failed_of(strict)
      << strict.tcb.status.value_or("none") << " " << strict.tcb.advisories.size();
  if (qvl.starts_with("FAIL:pck=SGX_PCK_INVALID_ISSUER")) {
    // An octet of the leaf's issuer was altered ("Platform0CA"): ward names both facts.
    EXPECT_EQ(strict.failed(), (Ids{tee + "pck_chain.signature", tee + "pck_chain.names"}));
    EXPECT_FALSE(strict.tcb.status);
    return;
  }
  const std::string status = status_of(qvl);
  EXPECT_EQ(strict.tcb.status.value_or(""), status);
  Ids failed;
  // QVL looks at notAfter alone; RFC 5280 6.1.3 (a)(2) demands both.
  if (row["note"] == "time-before-PCK-notBefore") failed.push_back(tee + "pck_chain.not_before");
  if (status.empty()) failed.push_back(tee + "tcb.level");
  Ids by_policy = failed;
  if (!status.empty() && status != "UpToDate") by_policy.push_back(tee + "tcb.status");
  // No policy of QVL's refuses debug; it leaves the bit to its caller.
  if (*strict.facts.debug) by_policy.push_back(tee + "attributes.debug");
  EXPECT_EQ(strict.failed(), by_policy);

  const Appraisal wide = judge(quote, collateral, row["time"], lenient(status));
  EXPECT_EQ(wide.failed(), failed);
  EXPECT_EQ(wide.verdict, failed.empty() ? Verdict::kAccepted : Verdict::kRefused);
  if (!failed.empty()) return;
  for (const attest::Check& c : wide.checks) {
    const bool unasked = c.not_done == attest::NotDone::kNotAsked;
    EXPECT_TRUE(c.outcome == Outcome::kPassed || unasked) << c.info->id;
  }
  EXPECT_EQ(wide.unchecked, (Ids{"report_data", "measurement"}));
}

}  // namespace

std::size_t judge_cases(const std::string& folder) {
  std::size_t judged = 0;
  for (Row& row : read_tsv(vectors("dcap/cases.tsv"))) {
    if (!row["quote"].starts_with(folder + "/")) continue;
    judge_row(row);
    ++judged;
  }
  return judged;
}

}  // namespace ward::test
