// Memory ends at each allocation of each call in turn: a status, and the handle is as it was; never
// a crash, never another verdict. A program of its own, for it replaces operator new.
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "test/library/batches.h"

namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
std::size_t left = kNever;  // allocations until there is no memory
std::size_t taken = 0;      // allocations so far
bool ended = false;

void* allocate(std::size_t size) {
  if (left == 0) ended = true;
  ++taken;
  void* out = left == 0 ? nullptr : std::malloc(size);  // NOLINT(*-no-malloc,*-owning-memory)
  if (left != 0 && left != kNever) --left;
  if (out == nullptr) throw std::bad_alloc();
  return out;
}

}  // namespace

// clang 14 does not declare these two.
void operator delete(void* p, std::size_t) noexcept;
void operator delete[](void* p, std::size_t) noexcept;

[[gnu::noinline]] void* operator new(std::size_t size) { return allocate(size == 0 ? 1 : size); }

[[gnu::noinline]] void* operator new[](std::size_t size) { return allocate(size == 0 ? 1 : size); }

// Inlined, g++ would take them for a mismatch.
// NOLINTBEGIN(*-no-malloc,*-owning-memory)
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

// NOLINTEND(*-no-malloc,*-owning-memory)

namespace ward::test {
namespace {

// without lets memory end after `n` allocations of the call, and is false where it needs fewer.
template <class Call>
bool without(std::size_t n, const Call& call) {
  ward_error* error = nullptr;
  ended = false;
  left = n;
  const ward_status status = call(&error);
  left = kNever;
  const ErrorHandle owned(error);
  if (status == WARD_OK) return ended;  // what needs memory only to be faster did without
  EXPECT_TRUE(ended) << ward_error_message(error);
  EXPECT_EQ(status, WARD_ERROR_NO_MEMORY) << ward_error_message(error);
  EXPECT_EQ(ward_error_status(error), WARD_ERROR_NO_MEMORY);
  EXPECT_STREQ(ward_error_message(error), "there is no memory left");
  return ended;
}

// exhaust tries each of the first allocations, and then ever fewer.
template <class Call>
void exhaust(const Call& call) {
  std::size_t tried = 0;
  for (std::size_t n = 0; without(n, call); n += 1 + n / 32)
    ++tried;
  EXPECT_GT(tried, 0U);
}

// json is what ward says of the vector, at a place where memory may end.
ward_status json(const LibraryVector& v, const ward_verifier* verifier,
                 const ward_collateral* collateral, const ward_request* request, std::string* text,
                 ward_error** error) {
  ward_appraisal* appraisal = nullptr;
  ward_status status = ward_verifier_verify(verifier, v.evidence.data(), v.evidence.size(),
                                            collateral, request, &appraisal, error);
  const AppraisalHandle owned(appraisal);
  EXPECT_EQ(appraisal == nullptr, status != WARD_OK);
  const char* out = nullptr;
  if (status == WARD_OK) status = ward_appraisal_json(appraisal, &out, error);
  const std::size_t before = std::exchange(left, kNever);
  if (status == WARD_OK) *text = out;
  left = before;
  return status;
}

std::string json(const LibraryVector& v, const ward_policy* policy, const ward_request* request) {
  std::string out;
  const auto verifier = new_verifier(policy);
  const auto collateral = v.collateral();
  EXPECT_EQ(json(v, verifier.get(), collateral.get(), request, &out, nullptr), WARD_OK);
  return out;
}

TEST(LibraryNoMemory, EveryVerdictIsAStatusOrTheSame) {
  for (const LibraryVector& v : library_vectors()) {
    SCOPED_TRACE(v.tee);
    const auto policy = v.policy();
    const auto verifier = new_verifier(policy.get());
    const auto collateral = v.collateral();
    const auto request = v.request();
    const std::string whole = json(v, policy.get(), request.get());
    EXPECT_NE(whole.find("\"accepted\""), std::string::npos);
    std::string text = whole;
    exhaust([&](ward_error** error) {
      const ward_status status =
          json(v, verifier.get(), collateral.get(), request.get(), &text, error);
      EXPECT_EQ(text, whole);
      return status;
    });
  }
}

// Batch is what a batch is to say of its one job, and whether it did.
struct Batch {
  std::string whole;
  bool told = false;
};

// Where memory ends while the job is asked for its JSON, another attempt gets it.
void tell(void* user, std::size_t, const ward_appraisal* appraisal, const ward_error* error) {
  auto& batch = *static_cast<Batch*>(user);
  batch.told = true;
  if (appraisal == nullptr) {
    EXPECT_EQ(ward_error_status(error), WARD_ERROR_NO_MEMORY) << ward_error_message(error);
    return;
  }
  const char* text = nullptr;
  const ward_status status = ward_appraisal_json(appraisal, &text, nullptr);
  EXPECT_EQ(text == nullptr, status != WARD_OK);
  const std::size_t before = std::exchange(left, kNever);
  if (batch.whole.empty()) batch.whole = answers_of(appraisal);
  EXPECT_EQ(answers_of(appraisal), batch.whole);
  left = before;
}

TEST(LibraryNoMemory, ABatchIsAStatusOrTheSame) {
  for (const LibraryVector& v : library_vectors()) {
    SCOPED_TRACE(v.tee);
    const auto policy = v.policy();
    const auto request = v.request();
    const ward_job job = job_of(v.evidence, request.get());
    Batch batch;
    for (const std::size_t platforms : {0U, 5U}) {
      // Each attempt has neither read its collateral nor seen its platform.
      exhaust([&](ward_error** error) {
        const std::size_t before = std::exchange(left, kNever);
        const auto verifier = new_verifier(policy.get(), platforms);
        const auto collateral = v.collateral();
        batch.told = false;
        left = before;
        const ward_status status = ward_verifier_verify_all(
            verifier.get(), &job, 1, collateral.get(), 1, tell, &batch, error);
        EXPECT_TRUE(batch.told || status == WARD_ERROR_NO_MEMORY);
        left = kNever;
        return status;
      });
    }
    EXPECT_TRUE(batch.whole.starts_with(v.accepted() + "\n"));
  }
}

// As often as the second of two batches allocates.
std::size_t second_time(const LibraryVector& v, std::size_t platforms) {
  const auto policy = v.policy();
  const auto verifier = new_verifier(policy.get(), platforms);
  const auto collateral = v.collateral();
  const auto request = v.request();
  const ward_job job = job_of(v.evidence, request.get());
  const auto done = [](void*, std::size_t, const ward_appraisal* a, const ward_error*) {
    EXPECT_EQ(ward_appraisal_verdict(a), WARD_ACCEPTED);
  };
  for (int i = 0; i < 2; ++i) {
    taken = 0;
    EXPECT_EQ(ward_verifier_verify_all(verifier.get(), &job, 1, collateral.get(), 1, done, nullptr,
                                       nullptr),
              WARD_OK);
  }
  return taken;
}

TEST(LibraryNoMemory, APlatformThatIsRememberedNeedsLess) {
  for (const LibraryVector& v : library_vectors()) {
    const std::size_t warm = second_time(v, 5);
    const std::size_t cold = second_time(v, 0);
    const bool remembers = v.tee == "sgx" || v.tee == "tdx" || v.tee == "snp";
    EXPECT_LE(warm + (remembers ? 21 : 0), cold) << v.tee;
  }
}

// made_or_null frees what `make` makes.
template <auto Free, class Handle, class Make>
void made_or_null(const Make& make) {
  exhaust([&](ward_error** error) {
    Handle* out = nullptr;
    const ward_status status = make(&out, error);
    EXPECT_EQ(out == nullptr, status != WARD_OK);
    Free(out);
    return status;
  });
}

TEST(LibraryNoMemory, WhatIsMadeIsWholeOrNull) {
  const LibraryVector v = library_vectors().front();
  const auto policy = v.policy();
  made_or_null<ward_policy_free, ward_policy>(ward_policy_new);
  made_or_null<ward_collateral_free, ward_collateral>(ward_collateral_new);
  made_or_null<ward_request_free, ward_request>(ward_request_new);
  made_or_null<ward_verifier_free, ward_verifier>(
      [&](auto out, auto error) { return ward_verifier_new(policy.get(), out, error); });
  made_or_null<ward_verifier_free, ward_verifier>([&](auto out, auto error) {
    return ward_verifier_new_remembering(policy.get(), 10, out, error);
  });
  made_or_null<ward_needs_free, ward_needs>([&](auto out, auto error) {
    return ward_needs_of(v.evidence.data(), v.evidence.size(), out, error);
  });
}

// Change is one change of a policy.
struct Change {
  const char* name;
  ward_status (*make)(const LibraryVector&, ward_policy*, ward_error**);
};

constexpr const char* kField = "tdx.td_attributes.sept_ve_disable";

const Change kChanges[] = {
    {"accept_tcb", [](auto&, auto p, auto e) { return ward_policy_accept_tcb(p, "OutOfDate", e); }},
    {"any tcb", [](auto&, auto p, auto e) { return ward_policy_accept_tcb(p, "any", e); }},
    {"accept_value",
     [](auto&, auto p, auto e) { return ward_policy_accept_value(p, kField, "false", e); }},
    {"refuse_value",
     [](auto&, auto p, auto e) { return ward_policy_refuse_value(p, kField, "false", e); }},
    {"min_value",
     [](auto&, auto p, auto e) {
       return ward_policy_min_value(p, "sgx.report_body.isv_svn", "1", e);
     }},
    {"min_tcb_evaluation",
     [](auto&, auto p, auto e) { return ward_policy_min_tcb_evaluation(p, 1, e); }},
    {"min_tcb_date", [](auto&, auto p, auto e) { return ward_policy_min_tcb_date(p, 5, e); }},
    {"tolerate",
     [](auto&, auto p, auto e) { return ward_policy_tolerate(p, "INTEL-SA-00615", 5, e); }},
    {"refuse_product",
     [](auto&, auto p, auto e) { return ward_policy_refuse_product(p, "Turin", e); }},
    {"accept_chips",
     [](auto&, auto p, auto e) {
       constexpr std::string_view list = "0102030405060708090a0b0c0d0e0f10\n1112131415161718";
       return ward_policy_accept_chips(p, list.data(), list.size(), e);
     }},
    {"allow_debug", [](auto&, auto p, auto e) { return ward_policy_allow_debug(p, 1, e); }},
    {"require_revocation",
     [](auto&, auto p, auto e) { return ward_policy_require_revocation(p, 0, e); }},
    {"set_name",
     [](auto&, auto p, auto e) { return ward_policy_set_name(p, "a name of some length", e); }},
    {"add_development_roots",
     [](const LibraryVector& v, auto p, auto e) {
       const auto root =
           std::ranges::find(v.documents, "root_ca.pem",
                             [](const auto& one) -> const std::string& { return one.first; });
       return ward_policy_add_development_roots(p, root->second.data(), root->second.size(), e);
     }},
    {"add_hardware_roots",
     [](const LibraryVector& v, auto p, auto e) {
       const auto root =
           std::ranges::find(v.documents, "root_ca.pem",
                             [](const auto& one) -> const std::string& { return one.first; });
       return ward_policy_add_hardware_roots(p, "tdx", root->second.data(), root->second.size(), e);
     }},
};

// expect_made_or_not starts from what `base` makes each time.
template <class Base>
void expect_made_or_not(const LibraryVector& v, const Base& base, const Change& change) {
  const auto request = v.request();
  const std::string before = json(v, base().get(), request.get());
  for (std::size_t n = 0;; ++n) {
    const auto policy = base();
    ward_status status = WARD_OK;
    const bool tried = without(
        n, [&](ward_error** error) { return status = change.make(v, policy.get(), error); });
    if (!tried) break;
    if (status == WARD_OK) continue;
    ASSERT_EQ(json(v, policy.get(), request.get()), before) << n;
  }
}

TEST(LibraryNoMemory, AChangeOfAPolicyIsMadeOrNot) {
  const std::vector<LibraryVector> vectors = library_vectors();
  const auto v = std::ranges::find(vectors, "tdx", &LibraryVector::tee);
  ASSERT_NE(v, vectors.end());
  for (const Change& change : kChanges) {
    SCOPED_TRACE(change.name);
    expect_made_or_not(*v, new_policy, change);
    expect_made_or_not(
        *v, [&] { return v->policy(); }, change);
  }
}

TEST(LibraryNoMemory, AChangeOfARequestOrOfCollateralIsMadeOrNot) {
  const LibraryVector v = library_vectors().front();
  const auto policy = v.policy();
  const Buffer data = v.octets("report_data");
  for (std::size_t n = 0;; ++n) {
    const auto request = new_request();
    EXPECT_EQ(ward_request_set_time(request.get(), v.at(), nullptr), WARD_OK);
    const bool tried = without(n, [&](ward_error** error) {
      return ward_request_expect_report_data(request.get(), data.data(), data.size(), error);
    });
    if (!tried) break;
    ward_error* error = nullptr;
    std::string text;  // nothing is left unchecked silently
    EXPECT_EQ(json(v, new_verifier(policy.get()).get(), nullptr, request.get(), &text, &error),
              WARD_ERROR_USAGE);
    ward_error_free(error);
  }
  const auto collateral = new_collateral();
  for (const auto& [name, octets] : v.documents) {
    exhaust([&, &name = name, &octets = octets](ward_error** error) {
      const std::size_t count = ward_collateral_count(collateral.get());
      const ward_status status =
          ward_collateral_add(collateral.get(), name.c_str(), octets.data(), octets.size(), error);
      EXPECT_EQ(ward_collateral_count(collateral.get()), count + (status == WARD_OK ? 1 : 0));
      return status;
    });
  }
  EXPECT_EQ(ward_collateral_count(collateral.get()), v.documents.size());
}

}  // namespace
}  // namespace ward::test
