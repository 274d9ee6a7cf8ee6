#include "lib/ward/evidence.h"

#include "tee/all.h"

namespace ward::library {

Result<const attest::Scheme*, Fault> scheme_of(const char* function, Bytes evidence) {
  const attest::Scheme* scheme = attest::recognise(tee::all_schemes(), evidence);
  if (scheme != nullptr) return scheme;
  return Fault{.status = WARD_ERROR_UNKNOWN_EVIDENCE,
               .what = std::string(function) + ": no kind of evidence that ward knows",
               .hint =
                   "give the evidence as the platform made it, in binary, not in hex or "
                   "base64; ward_tee_at lists what ward knows"};
}

}  // namespace ward::library

using ward::library::Done;

const char* ward_version(void) noexcept { return WARD_VERSION; }

std::size_t ward_tee_count(void) noexcept { return ward::tee::all_schemes().size(); }

ward_status ward_tee_at(std::size_t index, ward_tee* out) noexcept {
  const auto schemes = ward::tee::all_schemes();
  if (index >= schemes.size()) return WARD_ERROR_NOT_FOUND;
  const ward::attest::SchemeInfo info = schemes[index]->info();
  return ward::library::fill(out, ward_tee{.size = 0,
                                           .name = info.name,
                                           .title = info.title,
                                           .media_type = info.media_type,
                                           .report_data_size = info.report_data_size,
                                           .measurement_size = info.measurement_size,
                                           .workload_size = info.workload_size,
                                           .check_count = info.checks.size()});
}

ward_status ward_tee_check_at(std::size_t tee_index, std::size_t index,
                              ward_check_info* out) noexcept {
  const auto schemes = ward::tee::all_schemes();
  if (tee_index >= schemes.size()) return WARD_ERROR_NOT_FOUND;
  const auto checks = schemes[tee_index]->info().checks;
  if (index >= checks.size()) return WARD_ERROR_NOT_FOUND;
  const ward::attest::CheckInfo& one = checks[index];
  return ward::library::fill(out, ward_check_info{.size = 0,
                                                  .id = one.id,
                                                  .reference = one.reference,
                                                  .meaning = one.meaning,
                                                  .hint = one.hint});
}

ward_status ward_recognise(const std::uint8_t* evidence, std::size_t size, const char** tee,
                           ward_error** error) noexcept {
  const char* function = __func__;
  return ward::library::enter_new(function, tee, error, [&]() -> Done {
    WARD_TRY(const ward::Bytes octets, ward::library::evidence_of(function, evidence, size));
    WARD_TRY(const ward::attest::Scheme* scheme, ward::library::scheme_of(function, octets));
    *tee = scheme->info().name;
    return {};
  });
}
