#include "apps/ward/expected_values.h"

#include <utility>

#include "attest/demands.h"
#include "attest/workload.h"

namespace ward::cli {

Result<attest::Expected, Usage> expected_values(const std::vector<std::string>& texts,
                                                const Field& field) {
  if (texts.empty()) return attest::Expected(attest::Unchecked{});
  std::vector<Buffer> values;
  for (const std::string& text : texts) {
    WARD_TRY(Buffer value, hex_value(field.option, text, 0, field.name));
    if (auto wrong =
            attest::wrong_size(field.option, value.size(), field.size, field.name, field.sizes)) {
      return *std::move(wrong);
    }
    values.push_back(std::move(value));
  }
  return attest::Expected(std::move(values));
}

Result<attest::Expected, Usage> workload_values(const std::vector<std::string>& texts,
                                                const Field& field) {
  if (texts.empty()) return attest::Expected(attest::Unchecked{});
  std::vector<Buffer> values;
  for (const std::string& text : texts) {
    WARD_TRY(Buffer value, hex_value(field.option, text, 0, field.name));
    if (value.size() == attest::kWorkloadSize) {
      if (auto whole = attest::workload_field(value, field.size)) value = *std::move(whole);
    }
    if (auto wrong =
            attest::wrong_size(field.option, value.size(), field.size, field.name, field.sizes)) {
      wrong->hint =
          "give the whole field; of a keep the 48 octets that `ward keep measure` prints, of a "
          "Keystone enclave what `ward keystone measure` prints";
      return *std::move(wrong);
    }
    values.push_back(std::move(value));
  }
  return attest::Expected(std::move(values));
}

int exit_code(attest::Verdict verdict) {
  switch (verdict) {
    case attest::Verdict::kAccepted:
      return kAccepted;
    case attest::Verdict::kRefused:
      return kRefused;
    case attest::Verdict::kUndetermined:
      return kCouldNotTell;
  }
  return kRefused;
}

}  // namespace ward::cli
