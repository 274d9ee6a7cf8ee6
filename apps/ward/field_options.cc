#include "apps/ward/field_options.h"

#include <utility>

namespace ward::cli {
namespace {

// FIELD and VALUE of "tdx.td_attributes.sept_ve_disable=true": the value is all that stands behind
// the first sign.
Result<std::pair<std::string, std::string>, Usage> split(const char* option,
                                                         const std::string& text) {
  const auto sign = text.find('=');
  if (sign == std::string::npos)
    return Usage{std::string(option) + ": no value: " + text, "write FIELD=VALUE"};
  return std::pair(text.substr(0, sign), text.substr(sign + 1));
}

}  // namespace

Result<void, Usage> add_fields(const FieldOptions& options, const attest::Demands& demands,
                               attest::Policy& policy) {
  for (const std::string& text : options.accept) {
    WARD_TRY(const auto named, split(kDemandOptions.accept_value, text));
    WARD_CHECK_OK(demands.accept_value(named.first, named.second, policy));
  }
  for (const std::string& text : options.refuse) {
    WARD_TRY(const auto named, split(kDemandOptions.refuse_value, text));
    WARD_CHECK_OK(demands.refuse_value(named.first, named.second, policy));
  }
  for (const std::string& text : options.least) {
    WARD_TRY(const auto named, split(kDemandOptions.min_value, text));
    WARD_CHECK_OK(demands.min_value(named.first, named.second, policy));
  }
  return {};
}

}  // namespace ward::cli
