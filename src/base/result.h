#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace ward {

// A message fixed at compile time. Error texts are built from these and from
// integers only, so an error can never carry key material or peer-chosen bytes.
class Literal {
 public:
  consteval Literal(const char* text) : text_(text) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] constexpr const char* c_str() const { return text_; }

 private:
  const char* text_;
};

enum class Errc : std::uint8_t {
  kTruncated,    // input ended before the format did
  kMalformed,    // bytes violate the format
  kUnsupported,  // well formed, but a version or algorithm we do not implement
  kUntrusted,    // signature or chain does not lead to a configured root
  kStale,        // expired, not yet valid, revoked, or replayed
  kDenied,       // policy said no
  kLimit,        // a documented bound was exceeded
  kUnavailable,  // a store, device or peer did not answer; may be retried
  kInternal,     // our own bug or a failed library call
};

// Error says why something could not be done: a code, a compile-time text and at most one integer.
class [[nodiscard]] Error {
 public:
  Error(Errc code, Literal what) : code_(code), what_(what) {}

  Error(Errc code, Literal what, std::uint64_t value) : code_(code), what_(what), value_(value) {}

  [[nodiscard]] Errc code() const { return code_; }

  [[nodiscard]] const char* what() const { return what_.c_str(); }

  [[nodiscard]] std::optional<std::uint64_t> value() const { return value_; }

 private:
  Errc code_;
  Literal what_;
  std::optional<std::uint64_t> value_;
};

// Result<T> holds a T or an Error. It keeps to the subset of std::expected that
// both compilers could offer later, minus the throwing value(): reading the
// wrong side ends the process, because it is always a bug in the caller.
// E is Error, or Diag (base/diag.h) for documents that people write.
template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  // NOLINTBEGIN(google-explicit-constructor): `return value;` and `return Error(...);` both work.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}

  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }

  explicit operator bool() const { return has_value(); }

  T& operator*() & { return *alive(std::get_if<0>(&state_)); }

  const T& operator*() const& { return *alive(std::get_if<0>(&state_)); }

  T&& operator*() && { return std::move(*alive(std::get_if<0>(&state_))); }

  T* operator->() { return alive(std::get_if<0>(&state_)); }

  const T* operator->() const { return alive(std::get_if<0>(&state_)); }

  [[nodiscard]] const E& error() const { return *alive(std::get_if<1>(&state_)); }

 private:
  template <class P>
  static P* alive(P* side) {
    if (side == nullptr) std::abort();
    return side;
  }

  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;

  Result(E error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }

  explicit operator bool() const { return has_value(); }

  [[nodiscard]] const E& error() const {
    if (!error_) std::abort();
    return *error_;
  }

 private:
  std::optional<E> error_;
};

}  // namespace ward

// The only macros of the project: unwrap a Result or return its error.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define WARD_CONCAT_IMPL(a, b) a##b
#define WARD_CONCAT(a, b) WARD_CONCAT_IMPL(a, b)
#define WARD_TRY_IMPL(tmp, decl, expr) \
  auto tmp = (expr);                   \
  if (!tmp) return tmp.error();        \
  decl = *std::move(tmp)
#define WARD_TRY(decl, expr) WARD_TRY_IMPL(WARD_CONCAT(ward_try_, __LINE__), decl, expr)
#define WARD_CHECK_OK(expr)                                   \
  do {                                                        \
    if (auto ward_r = (expr); !ward_r) return ward_r.error(); \
  } while (false)
// NOLINTEND(bugprone-macro-parentheses)
