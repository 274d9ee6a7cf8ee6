#pragma once

// ward::Appraisal: a verdict with every reason. Part of ward/verifier.h, which says how errors and
// threads are dealt with.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ward/ward.h>

namespace ward {
inline namespace v1 {

// Error is why a call could not do what it was asked. what() is one line.
class Error : public std::runtime_error {
 public:
  Error(ward_status status, const std::string& what, std::string hint)
      : std::runtime_error(what), status_(status), hint_(std::move(hint)) {}

  [[nodiscard]] ward_status status() const noexcept { return status_; }

  // What to do, one line; empty where nothing helps.
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

 private:
  ward_status status_;
  std::string hint_;
};

// Octets is a borrowed run of octets: of a vector, a string, an array, or a pointer and a size.
class Octets {
 public:
  Octets() = default;

  Octets(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  // NOLINTNEXTLINE(google-explicit-constructor): every container of octets is one.
  template <class Container, class = decltype(static_cast<const std::uint8_t*>(
                                 std::declval<const Container&>().data()))>
  Octets(const Container& container) : data_(container.data()), size_(container.size()) {}

  // NOLINTNEXTLINE(google-explicit-constructor): files are read into strings.
  Octets(std::string_view text)
      : data_(static_cast<const std::uint8_t*>(static_cast<const void*>(text.data()))),
        size_(text.size()) {}

  // NOLINTNEXTLINE(google-explicit-constructor)
  Octets(const std::string& text) : Octets(std::string_view(text)) {}

  [[nodiscard]] const std::uint8_t* data() const noexcept { return data_; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

enum class Verdict { kAccepted, kRefused, kUndetermined };
enum class Outcome { kPassed, kFailed, kNotDone };
enum class NotDone { kNone, kNotAsked, kAbsent, kBlocked };
enum class Origin { kSpecification, kPolicy, kReferenceValue, kCollateral, kCaller };

// Check is one declared check with what happened.
struct Check {
  std::string id;
  Outcome outcome = Outcome::kFailed;
  NotDone not_done = NotDone::kNone;
  std::string found;
  std::string expected;
  Origin origin = Origin::kSpecification;
  std::string expected_from;
  std::string reference;
  std::string meaning;
  std::string hint;
};

// Claim is one statement of the evidence.
struct Claim {
  std::string name;
  std::string text;  // octets as lower-case hex
};

// Tcb is the platform's security version as its maker judges it.
struct Tcb {
  std::optional<std::string> status;
  std::optional<std::int64_t> date;  // Unix seconds
  std::optional<std::uint64_t> evaluation_number;
  std::vector<std::string> advisories;
};

// What the classes below share; no interface.
namespace detail {

// Call takes the error of one call of ward.h and throws it.
class Call {
 public:
  Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  ~Call() { ward_error_free(error_); }

  ward_error** error() noexcept { return &error_; }

  void done(ward_status status) const {
    if (status != WARD_OK) throw Error(status, ward_error_message(error_), ward_error_hint(error_));
  }

 private:
  ward_error* error_ = nullptr;
};

// Freed is a deleter that calls the function of ward.h.
template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* handle) const noexcept { Free(handle); }
};

template <class T, void (*Free)(T*)>
using Handle = std::unique_ptr<T, Freed<T, Free>>;

template <class T>
T sized() {
  T out{};
  out.size = sizeof(T);
  return out;
}

// c_text is for texts that go to C, which would end at a NUL in them.
inline const char* c_text(const std::string& text) {
  if (text.find('\0') != std::string::npos) {
    throw Error(WARD_ERROR_USAGE, "a text with a NUL in it", "take it out of the text");
  }
  return text.c_str();
}

// must_fill is for structures of this header's own size, of handles that exist.
inline void must_fill(ward_status status) {
  if (status != WARD_OK) {
    throw Error(status, "libward is older than the header that this was compiled with",
                "install the version that the program was built for, or a newer one");
  }
}

// Answers is what appraisals answer, whoever owns them: Self::get() is the handle.
template <class Self>
class Answers {
 public:
  [[nodiscard]] Verdict verdict() const noexcept {
    switch (ward_appraisal_verdict(get())) {
      case WARD_ACCEPTED:
        return Verdict::kAccepted;
      case WARD_UNDETERMINED:
        return Verdict::kUndetermined;
      case WARD_REFUSED:
        break;
    }
    return Verdict::kRefused;
  }

  [[nodiscard]] bool accepted() const noexcept { return verdict() == Verdict::kAccepted; }

  // The exit code of `ward verify`: 0 accepted, 1 refused, 3 undetermined.
  [[nodiscard]] int exit_code() const noexcept {
    return static_cast<int>(ward_appraisal_verdict(get()));
  }

  [[nodiscard]] std::string tee() const { return ward_appraisal_tee(get()); }

  [[nodiscard]] std::string summary() const { return ward_appraisal_summary(get()); }

  [[nodiscard]] bool development() const noexcept { return ward_appraisal_development(get()) != 0; }

  [[nodiscard]] std::int64_t time() const noexcept { return ward_appraisal_time(get()); }

  [[nodiscard]] Tcb tcb() const {
    auto one = detail::sized<ward_tcb>();
    detail::must_fill(ward_appraisal_tcb(get(), &one));
    Tcb out;
    if (one.status != nullptr) out.status = one.status;
    if (one.has_date != 0) out.date = one.date;
    if (one.has_evaluation_number != 0) out.evaluation_number = one.evaluation_number;
    for (std::size_t i = 0; i < one.advisory_count; ++i) {
      out.advisories.emplace_back(ward_appraisal_advisory(get(), i));
    }
    return out;
  }

  [[nodiscard]] std::vector<Check> checks() const {
    std::vector<Check> out;
    for (std::size_t i = 0; i < ward_appraisal_check_count(get()); ++i) {
      auto one = detail::sized<ward_check>();
      detail::must_fill(ward_appraisal_check_at(get(), i, &one));
      out.push_back(check_of(one));
    }
    return out;
  }

  // The check with this id; nothing where the appraisal lists none.
  [[nodiscard]] std::optional<Check> check(const std::string& id) const {
    auto one = detail::sized<ward_check>();
    const ward_status status = ward_appraisal_find_check(get(), detail::c_text(id), &one);
    if (status == WARD_ERROR_NOT_FOUND) return std::nullopt;
    detail::must_fill(status);
    return check_of(one);
  }

  // What failed, and what could not be done for want of something.
  [[nodiscard]] std::vector<Check> problems() const {
    std::vector<Check> out;
    for (Check& one : checks()) {
      if (one.outcome == Outcome::kFailed || one.not_done == NotDone::kAbsent) {
        out.push_back(std::move(one));
      }
    }
    return out;
  }

  [[nodiscard]] std::vector<Claim> claims() const {
    std::vector<Claim> out;
    for (std::size_t i = 0; i < ward_appraisal_claim_count(get()); ++i) {
      auto one = detail::sized<ward_claim>();
      detail::must_fill(ward_appraisal_claim_at(get(), i, &one));
      out.push_back({one.name, one.text});
    }
    return out;
  }

  [[nodiscard]] std::vector<std::string> unchecked() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < ward_appraisal_unchecked_count(get()); ++i) {
      out.emplace_back(ward_appraisal_unchecked_at(get(), i));
    }
    return out;
  }

  [[nodiscard]] std::vector<std::string> notes() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < ward_appraisal_note_count(get()); ++i) {
      out.emplace_back(ward_appraisal_note_at(get(), i));
    }
    return out;
  }

  // What weakens the verdict, whatever it is, and should be shown first.
  [[nodiscard]] std::vector<std::string> warnings() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < ward_appraisal_warning_count(get()); ++i) {
      out.emplace_back(ward_appraisal_warning_at(get(), i));
    }
    return out;
  }

  // The verdict explained: a text, a shell script or an HTML page (docs/explain.md). Not of a
  // BatchAppraisal, which throws what says so.
  [[nodiscard]] std::string explain(ward_form form = WARD_FORM_TREE) const {
    const char* out = nullptr;
    detail::Call call;
    call.done(ward_appraisal_explain(get(), form, &out, call.error()));
    return out;
  }

  // What `ward verify --json` prints; of a BatchAppraisal without `materials` and `advice`.
  [[nodiscard]] std::string json() const {
    const char* out = nullptr;
    detail::Call call;
    call.done(ward_appraisal_json(get(), &out, call.error()));
    return out;
  }

 private:
  [[nodiscard]] const ward_appraisal* get() const noexcept {
    return static_cast<const Self*>(this)->get();
  }

  static Check check_of(const ward_check& one) {
    Check out;
    out.id = one.id;
    out.outcome = outcome_of(one.outcome);
    out.not_done = not_done_of(one.not_done);
    out.found = one.found;
    out.expected = one.expected;
    out.origin = origin_of(one.origin);
    out.expected_from = one.expected_from;
    out.reference = one.reference;
    out.meaning = one.meaning;
    out.hint = one.hint;
    return out;
  }

  // A value that this header does not know is never a pass.
  static Outcome outcome_of(ward_outcome outcome) noexcept {
    if (outcome == WARD_PASSED) return Outcome::kPassed;
    return outcome == WARD_NOT_DONE ? Outcome::kNotDone : Outcome::kFailed;
  }

  static NotDone not_done_of(ward_not_done reason) noexcept {
    if (reason == WARD_NOT_DONE_NONE) return NotDone::kNone;
    if (reason == WARD_NOT_DONE_NOT_ASKED) return NotDone::kNotAsked;
    return reason == WARD_NOT_DONE_ABSENT ? NotDone::kAbsent : NotDone::kBlocked;
  }

  static Origin origin_of(ward_origin origin) noexcept {
    if (origin == WARD_ORIGIN_POLICY) return Origin::kPolicy;
    if (origin == WARD_ORIGIN_REFERENCE_VALUE) return Origin::kReferenceValue;
    if (origin == WARD_ORIGIN_COLLATERAL) return Origin::kCollateral;
    return origin == WARD_ORIGIN_CALLER ? Origin::kCaller : Origin::kSpecification;
  }
};

}  // namespace detail

// Appraisal is the verdict with every reason. Immutable; shared by copies.
class Appraisal : public detail::Answers<Appraisal> {
 public:
  explicit Appraisal(ward_appraisal* owned) : handle_(owned, ward_appraisal_free) {}

  [[nodiscard]] const ward_appraisal* get() const noexcept { return handle_.get(); }

 private:
  std::shared_ptr<ward_appraisal> handle_;
};

// BatchAppraisal is an Appraisal that belongs to Verifier::verify_all for the length of one call.
class BatchAppraisal : public detail::Answers<BatchAppraisal> {
 public:
  explicit BatchAppraisal(const ward_appraisal* borrowed) : borrowed_(borrowed) {}

  BatchAppraisal(const BatchAppraisal&) = delete;
  BatchAppraisal& operator=(const BatchAppraisal&) = delete;

  [[nodiscard]] const ward_appraisal* get() const noexcept { return borrowed_; }

 private:
  const ward_appraisal* borrowed_;
};

}  // namespace v1
}  // namespace ward
