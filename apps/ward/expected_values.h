#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apps/ward/cli.h"
#include "attest/appraisal.h"

// Values that the command line says to expect of evidence.
namespace ward::cli {

// Field is a field of the evidence with which an option is compared.
struct Field {
  const char* option;
  std::string name;                      // "the report data of sgx"
  std::size_t size = 0;                  // in octets; 0: not fixed
  std::span<const std::size_t> sizes{};  // all that it may have, where that is 0; none: any
};

// expected_values reads hex, each the whole field; no text: unchecked.
[[nodiscard]] Result<attest::Expected, Usage> expected_values(const std::vector<std::string>& texts,
                                                              const Field& field);

// workload_values takes what `ward keep measure` prints for every TEE, too, as the service does.
[[nodiscard]] Result<attest::Expected, Usage> workload_values(const std::vector<std::string>& texts,
                                                              const Field& field);

// exit_code is the one of a verdict (docs/cli.md).
[[nodiscard]] int exit_code(attest::Verdict verdict);

}  // namespace ward::cli
