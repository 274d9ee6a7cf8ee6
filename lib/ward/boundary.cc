#include "lib/ward/boundary.h"

#include <algorithm>
#include <memory>

#include "attest/collateral.h"
#include "codec/utf8.h"

// The handle has C linkage's name.
struct ward_error {
  ward_status status = WARD_ERROR_INTERNAL;
  std::string what;
  std::string hint;
};

namespace ward::library {
namespace {

static_assert(WARD_MAX_EVIDENCE_BYTES == attest::kMaxEvidenceBytes);
static_assert(WARD_MAX_DOCUMENTS == attest::kMaxDocuments);
static_assert(WARD_MAX_DOCUMENT_BYTES == attest::kMaxDocumentBytes);

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// What there is no memory to make. Never freed, never changed.
ward_error& no_memory() {
  static ward_error one{.status = WARD_ERROR_NO_MEMORY, .what = {}, .hint = {}};
  return one;
}

ward_error& failed() {
  static ward_error one{.status = WARD_ERROR_INTERNAL, .what = {}, .hint = {}};
  return one;
}

// A value of the caller's may stand in it.
std::string line(std::string text) {
  std::ranges::replace_if(text, is_control, '?');
  return text;
}

constexpr std::int64_t kLastSecond = 253402300799;  // 9999-12-31T23:59:59Z

Done fits(const char* function, bool is_null, std::size_t size, std::size_t most) {
  if (size > most) {
    return Fault{.status = WARD_ERROR_LIMIT,
                 .what = std::string(function) + ": " + std::to_string(size) + " octets, at most " +
                         std::to_string(most) + " are taken",
                 .hint = "give the one document alone, as its maker made it"};
  }
  if (is_null && size != 0) {
    return usage(std::string(function) + ": " + std::to_string(size) + " octets at NULL",
                 "give the address of the octets");
  }
  return {};
}

}  // namespace

Fault usage(std::string what, std::string hint) {
  return {.status = WARD_ERROR_USAGE, .what = std::move(what), .hint = std::move(hint)};
}

Fault usage(const attest::Mistake& mistake) { return usage(mistake.what, mistake.hint); }

Fault internal(const Error& error) {
  std::string what = error.what();
  if (error.value()) what += " (" + std::to_string(*error.value()) + ")";
  return {.status = WARD_ERROR_INTERNAL, .what = std::move(what), .hint = {}};
}

void set_no_memory(ward_error** error) noexcept {
  if (error != nullptr) *error = &no_memory();
}

void set_internal(ward_error** error) noexcept {
  if (error != nullptr) *error = &failed();
}

void set_error(ward_error** error, const Fault& fault) noexcept {
  if (error == nullptr) return;
  try {
    auto made = std::make_unique<ward_error>();
    made->status = fault.status;
    made->what = line(fault.what);
    made->hint = line(fault.hint);
    *error = made.release();
  } catch (const std::bad_alloc&) {
    set_no_memory(error);
  }
}

Fault null(const char* function, const char* argument) {
  return usage(std::string(function) + ": " + argument + " is NULL",
               std::string("give what the matching function returned; look at its status first"));
}

Result<std::string, Fault> text_of(const char* function, const char* argument, const char* text) {
  const std::string where = std::string(function) + ": " + argument;
  if (text == nullptr) return usage(where + " is NULL", "give a text that ends with NUL");
  const std::size_t size = ::strnlen(text, WARD_MAX_TEXT_BYTES + 1);
  if (size > WARD_MAX_TEXT_BYTES) {
    return Fault{.status = WARD_ERROR_LIMIT,
                 .what = where + ": longer than " + std::to_string(WARD_MAX_TEXT_BYTES) + " octets",
                 .hint = "give a shorter text"};
  }
  std::string out(text, size);
  if (!codec::is_utf8(out)) return usage(where + ": not UTF-8", "encode the text as UTF-8");
  if (std::ranges::any_of(out, is_control)) {
    return usage(where + ": a control character", "take it out of the text");
  }
  return out;
}

Result<UnixTime, Fault> time_of(const char* function, std::int64_t unix_s) {
  if (unix_s < 0 || unix_s > kLastSecond) {
    return usage(std::string(function) + ": no time of 1970 to 9999",
                 "give seconds since 1970-01-01T00:00:00Z");
  }
  return UnixTime{unix_s};
}

Result<std::string_view, Fault> list_of(const char* function, const char* text, std::size_t size,
                                        std::size_t most) {
  WARD_CHECK_OK(fits(function, text == nullptr, size, most));
  return std::string_view(text, size);
}

Result<Bytes, Fault> octets_of(const char* function, const std::uint8_t* octets, std::size_t size,
                               std::size_t most) {
  WARD_CHECK_OK(fits(function, octets == nullptr, size, most));
  return Bytes(octets, size);
}

Result<Bytes, Fault> evidence_of(const char* function, const std::uint8_t* evidence,
                                 std::size_t size) {
  WARD_TRY(const Bytes out, octets_of(function, evidence, size, WARD_MAX_EVIDENCE_BYTES));
  if (out.empty()) {
    return Fault{.status = WARD_ERROR_EMPTY_EVIDENCE,
                 .what = std::string(function) + ": the evidence is empty",
                 .hint = "give the evidence as the platform made it; none is no reason to trust"};
  }
  return out;
}

bool is_c_text(const std::string& text) {
  // Nearly all are ASCII, and a batch asks of hundreds for each job.
  bool plain = true;
  for (const char c : text) {
    plain &= static_cast<signed char>(c) > 0;
  }
  if (plain) return true;
  return text.find('\0') == std::string::npos && codec::is_utf8(text);
}

void make_c_text(std::string& text) {
  if (is_c_text(text)) return;
  const bool utf8 = codec::is_utf8(text);
  std::ranges::replace_if(
      text, [&](char c) { return c == '\0' || (!utf8 && static_cast<signed char>(c) < 0); }, '?');
}

}  // namespace ward::library

ward_status ward_error_status(const ward_error* error) noexcept {
  return error == nullptr ? WARD_OK : error->status;
}

const char* ward_error_message(const ward_error* error) noexcept {
  if (error == nullptr) return "";
  if (error == &ward::library::no_memory()) return "there is no memory left";
  if (error == &ward::library::failed()) return "a library that ward calls failed";
  return error->what.c_str();
}

const char* ward_error_hint(const ward_error* error) noexcept {
  return error == nullptr ? "" : error->hint.c_str();
}

void ward_error_free(ward_error* error) noexcept {
  if (error == &ward::library::no_memory() || error == &ward::library::failed()) return;
  const std::unique_ptr<ward_error> owned(error);
}
