#include "bench/likeness.h"

#include "pki/build.h"

namespace ward::bench {
namespace {

pki::Name intels_name(const char* common) {
  const pki::NamePart parts[] = {
      {"CN", common}, {"O", "ward development - not a TEE"}, {"L", "Nowhere"}, {"C", "XX"}};
  return *pki::make_name(parts);
}

pki::Name amds_name(const std::string& common) {
  const pki::NamePart parts[] = {
      {"OU", "Engineering"},           {"C", "US"},   {"L", "Santa Clara"}, {"ST", "CA"},
      {"O", "Advanced Micro Devices"}, {"CN", common}};
  return *pki::make_name(parts);
}

}  // namespace

void in_intels_likeness(soft::DcapWorld& w) {
  w.tcb_signing_cert.subject = intels_name("Intel SGX TCB Signing");
  w.pck_cert.subject = intels_name("Intel SGX PCK Certificate");
  w.root_cert.subject = intels_name("Intel SGX Root CA");
  w.pck_ca_cert.subject = intels_name("Intel SGX PCK Platform CA");
  for (auto* issuer : {&w.root_cert.issuer, &w.pck_ca_cert.issuer, &w.tcb_signing_cert.issuer,
                       &w.root_crl.issuer}) {
    *issuer = w.root_cert.subject;
  }
  w.pck_cert.issuer = w.pck_ca_cert.subject;
  w.pck_crl.issuer = w.pck_ca_cert.subject;
  const pki::Extension point = pki::crl_distribution_point_extension(
      "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der");
  for (auto* spec : {&w.root_cert, &w.pck_ca_cert, &w.tcb_signing_cert, &w.pck_cert}) {
    spec->extensions.insert(spec->extensions.begin(), point);
  }
}

void in_amds_likeness(soft::AmdWorld& w, const std::string& line) {
  w.ark_cert.subject = amds_name("ARK-" + line);
  w.ask_cert.subject = amds_name("SEV-" + line);
  w.vcek_cert.subject = amds_name("SEV-VCEK");
  for (auto* issuer :
       {&w.ark_cert.issuer, &w.ask_cert.issuer, &w.asvk_cert.issuer, &w.crl.issuer}) {
    *issuer = w.ark_cert.subject;
  }
  w.vcek_cert.issuer = w.ask_cert.subject;
  const pki::Extension point =
      pki::crl_distribution_point_extension("https://kdsintf.amd.com/vcek/v1/" + line + "/crl");
  for (auto* spec : {&w.ark_cert, &w.ask_cert}) {
    spec->extensions.push_back(point);
  }
}

}  // namespace ward::bench
