#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "attest/demands.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "ward/ward.h"

// What every entry point of libward does at the boundary to C: arguments are examined, whatever is
// thrown becomes a status, texts become C strings.
namespace ward::library {

// Fault is why an entry point did not do what it was asked.
struct Fault {
  ward_status status = WARD_ERROR_INTERNAL;
  std::string what;
  std::string hint;
};

using Done = Result<void, Fault>;

// usage is a fault of the caller's.
[[nodiscard]] Fault usage(std::string what, std::string hint);
[[nodiscard]] Fault usage(const attest::Mistake& mistake);

// internal is a fault of ours.
[[nodiscard]] Fault internal(const Error& error);

// set_error tells the caller, where it wants to know. Never fails: without memory the error says
// so.
void set_error(ward_error** error, const Fault& fault) noexcept;
void set_no_memory(ward_error** error) noexcept;
void set_internal(ward_error** error) noexcept;

// enter runs the body of an entry point.
template <class Body>
ward_status enter(ward_error** error, const Body& body) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    const Done done = body();
    if (done) return WARD_OK;
    set_error(error, done.error());
    return done.error().status;
  } catch (const std::bad_alloc&) {
    set_no_memory(error);
    return WARD_ERROR_NO_MEMORY;
  } catch (...) {  // a library's own bug
    set_internal(error);
    return WARD_ERROR_INTERNAL;
  }
}

// enter_new is enter for entry points that make something: *out is NULL where they fail.
template <class T, class Body>
ward_status enter_new(const char* function, T** out, ward_error** error,
                      const Body& body) noexcept {
  if (out != nullptr) *out = nullptr;
  return enter(error, [&]() -> Done {
    if (out == nullptr) {
      return usage(std::string(function) + ": out is NULL", "give the address of a pointer");
    }
    return body();
  });
}

// null is the fault of a handle that is NULL.
[[nodiscard]] Fault null(const char* function, const char* argument);

// text_of is a text that was given: UTF-8 without control characters, at most WARD_MAX_TEXT_BYTES.
[[nodiscard]] Result<std::string, Fault> text_of(const char* function, const char* argument,
                                                 const char* text);

// list_of is a view of a text of many lines, at most `most` octets. Not NULL, unless it is empty.
[[nodiscard]] Result<std::string_view, Fault> list_of(const char* function, const char* text,
                                                      std::size_t size, std::size_t most);

// time_of is a time of the years 1970 to 9999.
[[nodiscard]] Result<UnixTime, Fault> time_of(const char* function, std::int64_t unix_s);

// octets_of is a view of what was given, at most `most` octets. Not NULL, unless it is empty.
[[nodiscard]] Result<Bytes, Fault> octets_of(const char* function, const std::uint8_t* octets,
                                             std::size_t size, std::size_t most);

// evidence_of is octets_of for evidence: at least one octet.
[[nodiscard]] Result<Bytes, Fault> evidence_of(const char* function, const std::uint8_t* evidence,
                                               std::size_t size);

// is_c_text is true for UTF-8 without NUL.
[[nodiscard]] bool is_c_text(const std::string& text);

// make_c_text replaces NUL, and each octet of a text that is not UTF-8 and not ASCII, by `?`.
void make_c_text(std::string& text);

// fill writes a structure of the library's into one of the caller's, which may be of an older or a
// newer version: what both know, zero for the rest. `first` is the size of version 1.
template <class T>
ward_status fill(T* out, T value, std::size_t first = sizeof(T)) noexcept {
  constexpr std::size_t kGreatest = 4096;  // a size that was never set
  if (out == nullptr || out->size < first || out->size > kGreatest) return WARD_ERROR_USAGE;
  value.size = out->size;
  void* to = out;
  std::memset(to, 0, value.size);
  std::memcpy(to, &value, value.size < sizeof(T) ? value.size : sizeof(T));
  return WARD_OK;
}

}  // namespace ward::library
