#include <memory>

#include "lib/ward/boundary.h"
#include "lib/ward/handles.h"

using ward::attest::Expected;
using ward::attest::Unchecked;
using ward::library::Done;
using ward::library::enter;

namespace ward::library {
namespace {

using Field = std::optional<Expected> ward_request::*;

// NOLINTNEXTLINE(readability-function-size): C has no named arguments.
ward_status expect(const char* function, ward_request* request, Field field,
                   const std::uint8_t* value, std::size_t size, ward_error** error) noexcept {
  return enter(error, [&]() -> Done {
    if (request == nullptr) return null(function, "request");
    WARD_TRY(const Bytes octets, octets_of(function, value, size, WARD_MAX_VALUE_BYTES));
    if (octets.empty()) {
      return usage(std::string(function) + ": no octets", "give the whole field that you expect");
    }
    std::optional<Expected>& expected = request->*field;
    if (!expected) {
      expected = Expected(std::vector<Buffer>{to_buffer(octets)});
      return {};
    }
    auto* values = std::get_if<std::vector<Buffer>>(&*expected);
    if (values == nullptr) {
      return usage(std::string(function) + ": it was to be left unchecked",
                   "say one of the two of a request");
    }
    if (values->size() >= WARD_MAX_VALUES) {
      return Fault{.status = WARD_ERROR_LIMIT,
                   .what = std::string(function) + ": more than " +
                           std::to_string(WARD_MAX_VALUES) + " values",
                   .hint = "name fewer values"};
    }
    values->push_back(to_buffer(octets));
    return {};
  });
}

ward_status leave(const char* function, ward_request* request, Field field,
                  ward_error** error) noexcept {
  return enter(error, [&]() -> Done {
    if (request == nullptr) return null(function, "request");
    std::optional<Expected>& expected = request->*field;
    if (expected && !std::holds_alternative<Unchecked>(*expected)) {
      return usage(std::string(function) + ": a value is expected",
                   "say one of the two of a request");
    }
    expected = Expected(Unchecked{});
    return {};
  });
}

}  // namespace
}  // namespace ward::library

ward_status ward_request_new(ward_request** out, ward_error** error) noexcept {
  return ward::library::enter_new(__func__, out, error, [&]() -> Done {
    *out = std::make_unique<ward_request>().release();
    return {};
  });
}

void ward_request_free(ward_request* request) noexcept {
  const std::unique_ptr<ward_request> owned(request);
}

ward_status ward_request_set_time(ward_request* request, std::int64_t unix_s,
                                  ward_error** error) noexcept {
  const char* function = __func__;
  return enter(error, [&]() -> Done {
    if (request == nullptr) return ward::library::null(function, "request");
    WARD_TRY(const ward::UnixTime time, ward::library::time_of(function, unix_s));
    request->unix_s = time.seconds;
    return {};
  });
}

ward_status ward_request_expect_report_data(ward_request* request, const std::uint8_t* value,
                                            std::size_t size, ward_error** error) noexcept {
  return ward::library::expect(__func__, request, &ward_request::report_data, value, size, error);
}

ward_status ward_request_expect_measurement(ward_request* request, const std::uint8_t* value,
                                            std::size_t size, ward_error** error) noexcept {
  return ward::library::expect(__func__, request, &ward_request::measurement, value, size, error);
}

ward_status ward_request_expect_workload(ward_request* request, const std::uint8_t* value,
                                         std::size_t size, ward_error** error) noexcept {
  return ward::library::expect(__func__, request, &ward_request::workload, value, size, error);
}

ward_status ward_request_report_data_unchecked(ward_request* request, ward_error** error) noexcept {
  return ward::library::leave(__func__, request, &ward_request::report_data, error);
}

ward_status ward_request_measurement_unchecked(ward_request* request, ward_error** error) noexcept {
  return ward::library::leave(__func__, request, &ward_request::measurement, error);
}

ward_status ward_request_workload_unchecked(ward_request* request, ward_error** error) noexcept {
  return ward::library::leave(__func__, request, &ward_request::workload, error);
}
