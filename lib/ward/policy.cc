#include <algorithm>
#include <memory>
#include <utility>

#include "attest/demands.h"
#include "lib/ward/boundary.h"
#include "lib/ward/demand_names.h"
#include "lib/ward/handles.h"
#include "tee/all.h"
#include "tee/x509/anchors.h"

namespace ward::library {
namespace {

const attest::Demands& demands() {
  static const attest::Demands one(tee::all_schemes(), kDemandNames);
  return one;
}

// change lets `body` change the policy, and counts it as a demand.
template <class Body>
ward_status change(const char* function, ward_policy* policy, ward_error** error,
                   const Body& body) noexcept {
  return enter(error, [&]() -> Done {
    if (policy == nullptr) return null(function, "policy");
    if (policy->demands >= WARD_MAX_VALUES) {
      return Fault{.status = WARD_ERROR_LIMIT,
                   .what = std::string(function) + ": more than " +
                           std::to_string(WARD_MAX_VALUES) + " demands",
                   .hint = "name fewer values"};
    }
    std::string name = "the caller's policy";  // before the change: memory may end here
    WARD_CHECK_OK(Done(body()));
    if (!policy->named) policy->policy.name = std::move(name);
    ++policy->demands;
    return {};
  });
}

using ValueDemand = Result<void, attest::Mistake> (attest::Demands::*)(std::string_view,
                                                                       std::string_view,
                                                                       attest::Policy&) const;

// NOLINTNEXTLINE(readability-function-size): C has no named arguments.
ward_status change_value(const char* function, ValueDemand demand, ward_policy* policy,
                         const char* field, const char* value, ward_error** error) noexcept {
  return change(function, policy, error, [&]() -> Done {
    WARD_TRY(const std::string id, text_of(function, "field", field));
    WARD_TRY(const std::string text, text_of(function, "value", value));
    if (const auto done = (demands().*demand)(id, text, policy->policy); !done) {
      return usage(done.error());
    }
    return {};
  });
}

struct RootsCall {
  ward_policy* policy;
  const std::uint8_t* pem;
  std::size_t size;
  ward_error** error;
};

template <class AnchorsOf>
ward_status add_roots(const char* function, const RootsCall& call, AnchorsOf anchors_of) noexcept {
  return change(function, call.policy, call.error, [&]() -> Done {
    WARD_TRY(const Bytes octets, octets_of(function, call.pem, call.size, WARD_MAX_DOCUMENT_BYTES));
    auto roots = anchors_of(as_text(octets));
    if (!roots) {
      return usage(std::string(function) + ": " + internal(roots.error()).what,
                   "give certificates or public keys in PEM");
    }
    std::vector<attest::Anchor>& all = call.policy->roots;
    if (all.size() + roots->size() > WARD_MAX_VALUES) {
      return Fault{.status = WARD_ERROR_LIMIT,
                   .what = std::string(function) + ": more than " +
                           std::to_string(WARD_MAX_VALUES) + " roots",
                   .hint = "name those of your own platforms alone"};
    }
    all.insert(all.end(), roots->begin(), roots->end());
    return {};
  });
}

}  // namespace
}  // namespace ward::library

using ward::library::add_roots;
using ward::library::change;
using ward::library::change_value;
using ward::library::Done;
using ward::library::kDemandNames;

ward_status ward_policy_new(ward_policy** out, ward_error** error) noexcept {
  return ward::library::enter_new(__func__, out, error, [&]() -> Done {
    *out = std::make_unique<ward_policy>().release();
    return {};
  });
}

void ward_policy_free(ward_policy* policy) noexcept {
  const std::unique_ptr<ward_policy> owned(policy);
}

ward_status ward_policy_set_name(ward_policy* policy, const char* name,
                                 ward_error** error) noexcept {
  const char* function = __func__;
  return ward::library::enter(error, [&]() -> Done {
    if (policy == nullptr) return ward::library::null(function, "policy");
    WARD_TRY(policy->policy.name, ward::library::text_of(function, "name", name));
    policy->named = true;
    return {};
  });
}

ward_status ward_policy_accept_tcb(ward_policy* policy, const char* status,
                                   ward_error** error) noexcept {
  return change(kDemandNames.accept_tcb, policy, error, [&]() -> Done {
    WARD_TRY(const std::string text,
             ward::library::text_of(kDemandNames.accept_tcb, "status", status));
    if (const auto done = ward::library::demands().accept_tcb(text, policy->policy); !done) {
      return ward::library::usage(done.error());
    }
    return {};
  });
}

ward_status ward_policy_accept_value(ward_policy* policy, const char* field, const char* value,
                                     ward_error** error) noexcept {
  return change_value(kDemandNames.accept_value, &ward::attest::Demands::accept_value, policy,
                      field, value, error);
}

ward_status ward_policy_refuse_value(ward_policy* policy, const char* field, const char* value,
                                     ward_error** error) noexcept {
  return change_value(kDemandNames.refuse_value, &ward::attest::Demands::refuse_value, policy,
                      field, value, error);
}

ward_status ward_policy_min_value(ward_policy* policy, const char* field, const char* value,
                                  ward_error** error) noexcept {
  return change_value(kDemandNames.min_value, &ward::attest::Demands::min_value, policy, field,
                      value, error);
}

ward_status ward_policy_allow_debug(ward_policy* policy, std::int32_t allow,
                                    ward_error** error) noexcept {
  return change(__func__, policy, error, [&]() -> Done {
    policy->policy.allow_debug = allow != 0;
    return {};
  });
}

ward_status ward_policy_allow_development(ward_policy* policy, std::int32_t allow,
                                          ward_error** error) noexcept {
  return change(__func__, policy, error, [&]() -> Done {
    policy->policy.allow_development = allow != 0;
    return {};
  });
}

ward_status ward_policy_require_revocation(ward_policy* policy, std::int32_t require,
                                           ward_error** error) noexcept {
  return change(__func__, policy, error, [&]() -> Done {
    policy->policy.require_revocation = require != 0;
    return {};
  });
}

ward_status ward_policy_min_tcb_evaluation(ward_policy* policy, std::uint64_t number,
                                           ward_error** error) noexcept {
  return change(kDemandNames.min_tcb_evaluation, policy, error, [&]() -> Done {
    policy->policy.min_tcb_evaluation = number;
    return {};
  });
}

ward_status ward_policy_min_tcb_date(ward_policy* policy, std::int64_t unix_s,
                                     ward_error** error) noexcept {
  return change(kDemandNames.min_tcb_date, policy, error, [&]() -> Done {
    WARD_TRY(policy->policy.min_tcb_date,
             ward::library::time_of(kDemandNames.min_tcb_date, unix_s));
    return {};
  });
}

ward_status ward_policy_tolerate(ward_policy* policy, const char* advisory, std::int64_t until,
                                 ward_error** error) noexcept {
  return change(kDemandNames.tolerate, policy, error, [&]() -> Done {
    WARD_TRY(const std::string id,
             ward::library::text_of(kDemandNames.tolerate, "advisory", advisory));
    WARD_TRY(const ward::UnixTime end, ward::library::time_of(kDemandNames.tolerate, until));
    if (const auto done = ward::library::demands().tolerate(id, end, policy->policy); !done) {
      return ward::library::usage(done.error());
    }
    return {};
  });
}

ward_status ward_policy_refuse_product(ward_policy* policy, const char* product,
                                       ward_error** error) noexcept {
  return change(kDemandNames.refuse_product, policy, error, [&]() -> Done {
    WARD_TRY(const std::string name,
             ward::library::text_of(kDemandNames.refuse_product, "product", product));
    if (const auto done = ward::library::demands().refuse_product(name, policy->policy); !done) {
      return ward::library::usage(done.error());
    }
    return {};
  });
}

ward_status ward_policy_accept_chips(ward_policy* policy, const char* list, std::size_t size,
                                     ward_error** error) noexcept {
  return change(kDemandNames.chips, policy, error, [&]() -> Done {
    WARD_TRY(const std::string_view text,
             ward::library::list_of(kDemandNames.chips, list, size, WARD_MAX_CHIP_LIST_BYTES));
    if (const auto done = ward::library::demands().chips(text, policy->policy); !done) {
      return ward::library::usage(done.error());
    }
    return {};
  });
}

ward_status ward_policy_add_development_roots(ward_policy* policy, const std::uint8_t* pem,
                                              std::size_t size, ward_error** error) noexcept {
  return add_roots(__func__, {policy, pem, size, error}, ward::x509::development_anchors);
}

ward_status ward_policy_add_hardware_roots(ward_policy* policy, const char* tee,
                                           const std::uint8_t* pem, std::size_t size,
                                           ward_error** error) noexcept {
  const char* function = __func__;
  std::string name;
  const ward_status known = ward::library::enter(error, [&]() -> Done {
    WARD_TRY(name, ward::library::text_of(function, "tee", tee));
    const auto schemes = ward::tee::all_schemes();
    if (std::ranges::none_of(schemes, [&](const auto* one) { return one->info().name == name; })) {
      return ward::library::usage(std::string(function) + ": no TEE: " + name,
                                  "give a name of ward_tee_at: roots vouch for one TEE alone");
    }
    return {};
  });
  if (known != WARD_OK) return known;
  return add_roots(function, {policy, pem, size, error},
                   [&](std::string_view text) { return ward::x509::hardware_anchors(text, name); });
}
