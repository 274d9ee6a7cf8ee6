#include "bench/peer_case.h"

#include <string_view>
#include <utility>

#include "codec/json_write.h"
#include "codec/pem.h"

namespace ward::bench {
namespace {

// signed_text takes {"MEMBER":{...},"signature":"<hex>"} apart, as Intel's QVL and others want it.
std::pair<std::string, std::string> signed_text(const std::string& file) {
  const std::size_t begin = file.find(':') + 1;
  const std::size_t end = file.rfind(R"(,"signature":")");
  const std::size_t digits = end + std::string_view(R"(,"signature":")").size();
  return {file.substr(begin, end - begin), file.substr(digits, file.size() - digits - 2)};
}

}  // namespace

std::string dcap_case(const soft::DcapCollateral& made, Bytes quote, UnixTime now) {
  const auto chain = *codec::parse_pem(made.pck_chain_pem);
  const auto info = signed_text(made.tcb_info);
  const auto identity = signed_text(made.qe_identity);
  const auto pem = [&](std::size_t i) { return codec::to_pem("CERTIFICATE", chain.at(i).der); };
  codec::JsonWriter out;
  out.begin_object().member("now", now.seconds).member("quote", to_hex(quote));
  out.member("root", to_hex(chain.at(2).der)).name("collateral").begin_object();
  out.member("pck_crl_issuer_chain", pem(1) + pem(2));
  out.member("root_ca_crl", to_hex(made.root_crl)).member("pck_crl", to_hex(made.pck_crl));
  out.member("tcb_info_issuer_chain", made.tcb_signing_pem);
  out.member("tcb_info", info.first).member("tcb_info_signature", info.second);
  out.member("qe_identity_issuer_chain", made.tcb_signing_pem);
  out.member("qe_identity", identity.first).member("qe_identity_signature", identity.second);
  return *out.end_object().end_object().take();
}

std::string amd_case(const soft::AmdCollateral& made, snp::Line line, Bytes report, UnixTime now) {
  codec::JsonWriter out;
  out.begin_object().member("now", now.seconds).member("line", snp::line_name(line));
  out.member("evidence", to_hex(report)).member("ark", to_hex(made.ark));
  out.member("ask", to_hex(made.ask)).member("asvk", "").member("vek", to_hex(made.vcek));
  return *out.member("crl", to_hex(made.crl)).end_object().take();
}

}  // namespace ward::bench
