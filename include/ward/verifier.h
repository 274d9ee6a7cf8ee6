#pragma once

// ward::Verifier: appraise evidence of trusted execution environments from C++17 on. A header over
// ward.h, compiled into the program: there is no C++ ABI that could differ. docs/library.md shows
// how it is used; ward.h says what each call means.
//
// Errors. A call that cannot do what it was asked throws ward::Error, which says what is wrong and
// what to do: a mistake of the caller's, evidence of no known kind, no memory. A refusal is no
// error: it is an Appraisal. Destructors and moves throw nothing.
//
// Threads. A Verifier and an Appraisal never change: any number of threads may use one. A Policy, a
// Collateral and a Request are used by one thread at a time while they are changed.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <ward/appraisal.h>
#include <ward/ward.h>

namespace ward {
inline namespace v1 {

// Need names a document that a piece of evidence needs.
struct Need {
  std::string kind;
  std::string key;
};

// Tee describes a kind of evidence.
struct Tee {
  std::string name;
  std::string title;
  std::string media_type;
  std::size_t report_data_size = 0;
  std::size_t measurement_size = 0;  // 0: not fixed
  std::size_t workload_size = 0;     // 0: not fixed
};

// CheckInfo declares a check.
struct CheckInfo {
  std::string id;
  std::string reference;
  std::string meaning;
  std::string hint;
};

// version is the library's own, "1.2.3".
inline std::string version() { return ward_version(); }

// tees lists the kinds of evidence that the library knows.
inline std::vector<Tee> tees() {
  std::vector<Tee> out;
  for (std::size_t i = 0; i < ward_tee_count(); ++i) {
    auto one = detail::sized<ward_tee>();
    detail::must_fill(ward_tee_at(i, &one));
    out.push_back({one.name, one.title, one.media_type, one.report_data_size, one.measurement_size,
                   one.workload_size});
  }
  return out;
}

// declared_checks lists what an appraisal of `tee` ("sgx") may list; nothing for another name.
inline std::vector<CheckInfo> declared_checks(std::string_view tee) {
  std::vector<CheckInfo> out;
  for (std::size_t i = 0; i < ward_tee_count(); ++i) {
    auto one = detail::sized<ward_tee>();
    detail::must_fill(ward_tee_at(i, &one));
    if (tee != one.name) continue;
    for (std::size_t k = 0; k < one.check_count; ++k) {
      auto check = detail::sized<ward_check_info>();
      detail::must_fill(ward_tee_check_at(i, k, &check));
      out.push_back({check.id, check.reference, check.meaning, check.hint});
    }
  }
  return out;
}

// recognise is the kind of evidence, by its form alone; nothing where the library knows none.
inline std::optional<std::string> recognise(Octets evidence) {
  const char* tee = nullptr;
  detail::Call call;
  const ward_status status = ward_recognise(evidence.data(), evidence.size(), &tee, call.error());
  if (status == WARD_ERROR_UNKNOWN_EVIDENCE || status == WARD_ERROR_EMPTY_EVIDENCE) {
    return std::nullopt;
  }
  call.done(status);
  return tee;
}

// needs lists the collateral that Verifier::verify will look for.
inline std::vector<Need> needs(Octets evidence) {
  ward_needs* made = nullptr;
  detail::Call call;
  call.done(ward_needs_of(evidence.data(), evidence.size(), &made, call.error()));
  const detail::Handle<ward_needs, ward_needs_free> owned(made);
  std::vector<Need> out;
  for (std::size_t i = 0; i < ward_needs_count(made); ++i) {
    auto one = detail::sized<ward_need>();
    detail::must_fill(ward_needs_at(made, i, &one));
    out.push_back({one.kind, one.key});
  }
  return out;
}

// Policy is what is acceptable. Each setter returns the policy, so that they can be chained; a
// demand that no evidence could meet throws where it is made.
class Policy {
 public:
  Policy() {
    ward_policy* made = nullptr;
    detail::Call call;
    call.done(ward_policy_new(&made, call.error()));
    handle_.reset(made);
  }

  Policy& name(const std::string& name) {
    return change(
        [&](auto* p, auto** e) { return ward_policy_set_name(p, detail::c_text(name), e); });
  }

  Policy& accept_tcb(const std::string& status) {
    return change(
        [&](auto* p, auto** e) { return ward_policy_accept_tcb(p, detail::c_text(status), e); });
  }

  Policy& accept_value(const std::string& field, const std::string& value) {
    return change([&](auto* p, auto** e) {
      return ward_policy_accept_value(p, detail::c_text(field), detail::c_text(value), e);
    });
  }

  Policy& refuse_value(const std::string& field, const std::string& value) {
    return change([&](auto* p, auto** e) {
      return ward_policy_refuse_value(p, detail::c_text(field), detail::c_text(value), e);
    });
  }

  Policy& min_value(const std::string& field, const std::string& value) {
    return change([&](auto* p, auto** e) {
      return ward_policy_min_value(p, detail::c_text(field), detail::c_text(value), e);
    });
  }

  Policy& allow_debug(bool allow = true) {
    return change([&](auto* p, auto** e) { return ward_policy_allow_debug(p, allow ? 1 : 0, e); });
  }

  Policy& allow_development(bool allow = true) {
    return change(
        [&](auto* p, auto** e) { return ward_policy_allow_development(p, allow ? 1 : 0, e); });
  }

  Policy& require_revocation(bool require = true) {
    return change(
        [&](auto* p, auto** e) { return ward_policy_require_revocation(p, require ? 1 : 0, e); });
  }

  Policy& min_tcb_evaluation(std::uint64_t number) {
    return change([&](auto* p, auto** e) { return ward_policy_min_tcb_evaluation(p, number, e); });
  }

  // Unix seconds.
  Policy& min_tcb_date(std::int64_t unix_s) {
    return change([&](auto* p, auto** e) { return ward_policy_min_tcb_date(p, unix_s, e); });
  }

  // Up to and including `until`, in Unix seconds.
  Policy& tolerate(const std::string& advisory, std::int64_t until) {
    return change([&](auto* p, auto** e) {
      return ward_policy_tolerate(p, detail::c_text(advisory), until, e);
    });
  }

  Policy& refuse_product(const std::string& product) {
    return change([&](auto* p, auto** e) {
      return ward_policy_refuse_product(p, detail::c_text(product), e);
    });
  }

  // An id in hex a line.
  Policy& accept_chips(std::string_view list) {
    return change([&](auto* p, auto** e) {
      return ward_policy_accept_chips(p, list.data(), list.size(), e);
    });
  }

  Policy& add_development_roots(Octets pem) {
    return change([&](auto* p, auto** e) {
      return ward_policy_add_development_roots(p, pem.data(), pem.size(), e);
    });
  }

  Policy& add_hardware_roots(const std::string& tee, Octets pem) {
    return change([&](auto* p, auto** e) {
      return ward_policy_add_hardware_roots(p, tee.c_str(), pem.data(), pem.size(), e);
    });
  }

  [[nodiscard]] const ward_policy* get() const noexcept { return handle_.get(); }

 private:
  template <class Setter>
  Policy& change(const Setter& setter) {
    detail::Call call;
    call.done(setter(handle_.get(), call.error()));
    return *this;
  }

  detail::Handle<ward_policy, ward_policy_free> handle_;
};

// Collateral is endorsements: documents of any kind, in any mixture.
class Collateral {
 public:
  Collateral() {
    ward_collateral* made = nullptr;
    detail::Call call;
    call.done(ward_collateral_new(&made, call.error()));
    handle_.reset(made);
  }

  // `name` is for people.
  Collateral& add(const std::string& name, Octets document) {
    detail::Call call;
    call.done(ward_collateral_add(handle_.get(), detail::c_text(name), document.data(),
                                  document.size(), call.error()));
    return *this;
  }

  [[nodiscard]] std::size_t size() const noexcept { return ward_collateral_count(handle_.get()); }

  [[nodiscard]] const ward_collateral* get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<ward_collateral, ward_collateral_free> handle_;
};

// Request is the time to appraise as of, and what the evidence is compared with. Each of the three
// fields is either expected (any of several values) or left unchecked, aloud.
class Request {
 public:
  // `unix_s` comes from a clock that you trust.
  explicit Request(std::int64_t unix_s) {
    ward_request* made = nullptr;
    detail::Call call;
    call.done(ward_request_new(&made, call.error()));
    handle_.reset(made);
    change([&](auto* r, auto** e) { return ward_request_set_time(r, unix_s, e); });
  }

  Request& expect_report_data(Octets v) {
    return change([&](auto* r, auto** e) {
      return ward_request_expect_report_data(r, v.data(), v.size(), e);
    });
  }

  Request& expect_measurement(Octets v) {
    return change([&](auto* r, auto** e) {
      return ward_request_expect_measurement(r, v.data(), v.size(), e);
    });
  }

  Request& expect_workload(Octets v) {
    return change(
        [&](auto* r, auto** e) { return ward_request_expect_workload(r, v.data(), v.size(), e); });
  }

  Request& report_data_unchecked() {
    return change([](auto* r, auto** e) { return ward_request_report_data_unchecked(r, e); });
  }

  Request& measurement_unchecked() {
    return change([](auto* r, auto** e) { return ward_request_measurement_unchecked(r, e); });
  }

  Request& workload_unchecked() {
    return change([](auto* r, auto** e) { return ward_request_workload_unchecked(r, e); });
  }

  [[nodiscard]] const ward_request* get() const noexcept { return handle_.get(); }

 private:
  template <class Setter>
  Request& change(const Setter& setter) {
    detail::Call call;
    call.done(setter(handle_.get(), call.error()));
    return *this;
  }

  detail::Handle<ward_request, ward_request_free> handle_;
};

// Job is one piece of evidence of a batch. It borrows both, until the batch is done.
class Job final {
 public:
  Job(Octets evidence, const Request& request)
      : job_{sizeof(ward_job), evidence.data(), evidence.size(), request.get()} {}

  Job(Octets evidence, const Request&& request) = delete;

 private:
  friend class Verifier;
  ward_job job_;
};

// Remember says how many platforms a Verifier remembers (ward_verifier_new_remembering).
struct Remember {
  std::size_t platforms = 0;
};

namespace detail {

// Batch carries what a callable throws past C.
template <class Callable>
class Batch {
 public:
  explicit Batch(Callable& callable) : callable_(callable) {}

  static void done(void* user, std::size_t index, const ward_appraisal* appraisal,
                   const ward_error* error) noexcept {
    static_cast<Batch*>(user)->tell(index, appraisal, error);
  }

  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  void tell(std::size_t index, const ward_appraisal* appraisal, const ward_error* error) noexcept {
    if (ended_.load(std::memory_order_relaxed)) return;
    try {
      if (appraisal != nullptr) {
        const BatchAppraisal borrowed(appraisal);
        callable_(index, &borrowed, static_cast<const Error*>(nullptr));
      } else {
        const Error made(ward_error_status(error), ward_error_message(error),
                         ward_error_hint(error));
        callable_(index, static_cast<const BatchAppraisal*>(nullptr), &made);
      }
    } catch (...) {
      if (!ended_.exchange(true)) thrown_ = std::current_exception();
    }
  }

  Callable& callable_;
  std::atomic<bool> ended_{false};
  std::exception_ptr thrown_;  // written by the thread that ended it
};

}  // namespace detail

// Verifier is a policy at work.
class Verifier {
 public:
  explicit Verifier(const Policy& policy, Remember remember = {}) {
    ward_verifier* made = nullptr;
    detail::Call call;
    call.done(ward_verifier_new_remembering(policy.get(), remember.platforms, &made, call.error()));
    handle_.reset(made);
  }

  // verify appraises evidence, as the platform made it. That it returns does not say that the
  // evidence is good: ask for the verdict.
  [[nodiscard]] Appraisal verify(Octets evidence, const Collateral& collateral,
                                 const Request& request) const {
    ward_appraisal* made = nullptr;
    detail::Call call;
    call.done(ward_verifier_verify(handle_.get(), evidence.data(), evidence.size(),
                                   collateral.get(), request.get(), &made, call.error()));
    return Appraisal(made);
  }

  // verify_all appraises each of `jobs` (any container with data() and size(): a vector, an array,
  // a span) in up to `threads` threads, 0 as many as the machine runs at once, and calls
  // done(std::size_t index, const BatchAppraisal* appraisal, const Error* error) for each, in any
  // order, from several threads at the same time; the pointer that does not hold is null, and both
  // end with the call. The first exception that `done` throws is thrown here, when all threads have
  // ended; after it, calls of `done` may begin in other threads until they notice.
  template <class Jobs, class Callable>
  void verify_all(const Jobs& jobs, const Collateral& collateral, unsigned threads,
                  Callable&& done) const {
    static_assert(sizeof(Job) == sizeof(ward_job), "an array of the one is one of the other");
    const Job* const first = jobs.data();
    using Batch = detail::Batch<std::remove_reference_t<Callable>>;
    Batch batch(done);
    detail::Call call;
    const ward_status status = ward_verifier_verify_all(
        handle_.get(), first == nullptr ? nullptr : &first->job_, jobs.size(), collateral.get(),
        threads, Batch::done, &batch, call.error());
    batch.rethrow();
    call.done(status);
  }

  [[nodiscard]] const ward_verifier* get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<ward_verifier, ward_verifier_free> handle_;
};

}  // namespace v1
}  // namespace ward
