#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apps/ward/new_file.h"
#include "attest/appraisal.h"
#include "base/result.h"

namespace ward::args {
class Command;
class Option;
}  // namespace ward::args

// `ward verify --ear`: the verdict as a signed attestation result.
namespace ward::cli {

// ResultOptions are what the options name; "": none.
struct ResultOptions {
  std::string file;
  std::string key;
  std::string profile = "trustee";
  std::string issuer = "ward";
};

// add_result_options adds --ear and what goes with it; the option --ear.
args::Option* add_result_options(args::Command& command, ResultOptions& options);

// result_file is the result of an appraisal, signed, to be written; nullopt where none was asked
// for. The exit code of a mistake: the key cannot be read, or is of a kind that signs no results.
[[nodiscard]] Result<std::optional<NewFile>, int> result_file(const ResultOptions& options,
                                                              const attest::Appraisal& appraisal,
                                                              std::string_view policy);

}  // namespace ward::cli
