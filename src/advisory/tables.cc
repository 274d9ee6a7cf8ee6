#include "advisory/tables.h"

#include <cstdlib>

namespace ward::advisory {
namespace {

// own gives our own table; one that does not parse is our own bug, which the tests find.
template <class T>
T own(Result<T, std::string> parsed) {
  if (!parsed) std::abort();
  return *std::move(parsed);
}

constexpr TeeTitle kTitles[] = {
    {"sgx", "Intel SGX", "intel"},
    {"tdx", "Intel TDX", "intel"},
    {"intel", "Intel processors", "intel"},
    {"snp", "AMD SEV-SNP", "amd"},
    {"sev", "AMD SEV, SEV-ES", ""},
    {"amd", "AMD processors", "amd"},
    {"nvidia", "NVIDIA GPUs", ""},
    {"cca", "Arm CCA", ""},
    {"trustzone", "Arm TrustZone", ""},
    {"any", "every TEE", ""},
    {"other", "no TEE: hosts, verifiers", ""},
};

}  // namespace

std::span<const TeeTitle> tee_titles() { return kTitles; }

std::span<const Attack> attacks() {
  static const std::vector<Attack> all = own(parse_attacks(attacks_table()));
  return all;
}

const Listed& listed() {
  static const Listed all = own(parse_listed(listed_table()));
  return all;
}

}  // namespace ward::advisory
