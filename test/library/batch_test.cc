// A batch says of each job what ward_verifier_verify says of it alone, but for the explanation.
#include <algorithm>
#include <cstring>
#include <functional>
#include <mutex>
#include <stdexcept>

#include <gtest/gtest.h>

#include "attest/check.h"
#include "lib/ward/appraisal.h"
#include "test/library/batches.h"

namespace ward::test {
namespace {

struct Setting {
  std::size_t platforms;
  unsigned threads;
};

constexpr Setting kSettings[] = {{0, 1}, {0, 8}, {1, 8}, {100, 0}, {100, 1}, {100, 8}};

TEST(LibraryBatch, EachJobIsAnsweredOnceAndLikeAlone) {
  const Crowd crowd;
  const auto alone = crowd.alone();
  for (const Setting& setting : kSettings) {
    const auto verifier = new_verifier(crowd.policy.get(), setting.platforms);
    const auto jobs = crowd.jobs(3);
    for (int i = 0; i < 2; ++i) {  // the second time, platforms are known
      const auto answers =
          verify_all(verifier.get(), jobs, crowd.collateral.get(), setting.threads);
      for (std::size_t k = 0; k < jobs.size(); ++k)
        ASSERT_EQ(answers[k], alone[k % alone.size()]) << k << " " << setting.threads;
    }
  }
  for (std::size_t i = 0; i < alone.size(); ++i) {
    if (i % 4 == 3) continue;  // late: accepted where nothing ends
    EXPECT_EQ(alone[i].starts_with(crowd.vectors[i / 4].accepted() + "\n"), i % 4 == 0) << i;
  }
  EXPECT_EQ(alone.size(), crowd.vectors.size() * 4);
}

TEST(LibraryBatch, OfNothingIsNothing) {
  const Crowd crowd;
  const auto verifier = new_verifier(crowd.policy.get(), 1);
  EXPECT_TRUE(verify_all(verifier.get(), {}, crowd.collateral.get(), 0).empty());
  EXPECT_TRUE(verify_all(verifier.get(), {}, nullptr, 8).empty());
}

// What is read of the collateral for one batch must not answer for what is added behind it.
TEST(LibraryBatch, HeedsWhatIsAddedToTheCollateral) {
  const Crowd crowd;
  const LibraryVector& v = crowd.vectors.front();
  const auto verifier = new_verifier(crowd.policy.get(), 10);
  const auto collateral = new_collateral();
  const auto request = v.request();
  const std::vector<ward_job> jobs{job_of(v.evidence, request.get())};
  const auto verdict = [&](const ward_collateral* some) {
    return verify_all(verifier.get(), jobs, some, 1).front().substr(0, 8);
  };
  EXPECT_NE(verdict(nullptr), "accepted");
  EXPECT_NE(verdict(collateral.get()), "accepted");
  for (const auto& [name, octets] : v.documents) {
    ASSERT_EQ(
        ward_collateral_add(collateral.get(), name.c_str(), octets.data(), octets.size(), nullptr),
        WARD_OK);
  }
  EXPECT_EQ(verdict(collateral.get()), "accepted");
  EXPECT_EQ(verdict(collateral.get()), "accepted");
  EXPECT_NE(verdict(new_collateral().get()), "accepted");
}

// Mistake is a job that nobody can appraise, and what it is told.
struct Mistake {
  const char* name;
  ward_job job;
  ward_status status;
  std::string message;
};

TEST(LibraryBatch, AMistakeIsOneJobsOwn) {
  const Crowd crowd;
  const LibraryVector& v = crowd.vectors.front();
  const auto right = v.request();
  const auto no_time = new_request();
  const auto no_words = new_request();
  ASSERT_EQ(ward_request_set_time(no_words.get(), v.at(), nullptr), WARD_OK);
  const auto wrong_size = unchecked_request(v.at());
  const auto short_data = new_request();
  const Buffer five(5, 1);
  ASSERT_EQ(ward_request_set_time(short_data.get(), v.at(), nullptr), WARD_OK);
  ASSERT_EQ(ward_request_expect_report_data(short_data.get(), five.data(), 5, nullptr), WARD_OK);
  const Buffer strange(1000, 'x');
  ward_job other_size = job_of(v.evidence, right.get());
  other_size.size = sizeof(ward_job) * 2;
  ward_job at_null = job_of(v.evidence, right.get());
  at_null.evidence = nullptr;
  ward_job large = job_of(v.evidence, right.get());
  large.evidence_size = WARD_MAX_EVIDENCE_BYTES + 1;
  const std::string f = "ward_verifier_verify_all: ";
  const std::vector<Mistake> mistakes = {
      {"no request", job_of(v.evidence, nullptr), WARD_ERROR_USAGE, f + "request is NULL"},
      {"no time", job_of(v.evidence, no_time.get()), WARD_ERROR_USAGE, "the request has no time"},
      {"nothing said", job_of(v.evidence, no_words.get()), WARD_ERROR_USAGE,
       "the request does not say what is expected of report_data"},
      {"five octets", job_of(v.evidence, short_data.get()), WARD_ERROR_USAGE,
       "ward_request_expect_report_data: 5 octets, but the report data of " + v.tee + " has 64"},
      {"empty", job_of({}, right.get()), WARD_ERROR_EMPTY_EVIDENCE, f + "the evidence is empty"},
      {"unknown", job_of(strange, right.get()), WARD_ERROR_UNKNOWN_EVIDENCE,
       f + "no kind of evidence that ward knows"},
      {"at NULL", at_null, WARD_ERROR_USAGE,
       f + std::to_string(v.evidence.size()) + " octets at NULL"},
      {"too large", large, WARD_ERROR_LIMIT, f + "4194305 octets, at most 4194304 are taken"},
      {"other size", other_size, WARD_ERROR_USAGE, f + "the job says another size than the first"},
  };
  std::vector<ward_job> jobs{job_of(v.evidence, right.get())};
  for (const Mistake& one : mistakes) {
    jobs.push_back(one.job);
    jobs.push_back(jobs.front());
  }
  for (const unsigned threads : {1U, 8U}) {
    const auto verifier = new_verifier(crowd.policy.get(), 10);
    const auto answers = verify_all(verifier.get(), jobs, crowd.collateral.get(), threads);
    for (std::size_t i = 0; i < jobs.size(); i += 2)
      EXPECT_EQ(answers[i].substr(0, 9), "accepted\n") << i;
    for (std::size_t i = 0; i < mistakes.size(); ++i) {
      EXPECT_EQ(answers[2 * i + 1],
                "error " + std::to_string(mistakes[i].status) + ": " + mistakes[i].message)
          << mistakes[i].name;
    }
  }
}

// A policy's demand that evidence of one kind never states, among jobs of all kinds.
TEST(LibraryBatch, ADemandThatCannotBeMetIsTheErrorOfThoseJobsAlone) {
  const Crowd crowd;
  ASSERT_EQ(ward_policy_min_value(crowd.policy.get(), "snp.reported_tcb.snp", "0", nullptr),
            WARD_OK);
  const auto verifier = new_verifier(crowd.policy.get(), 0);
  const auto jobs = crowd.jobs(1);
  const auto answers = verify_all(verifier.get(), jobs, crowd.collateral.get(), 2);
  for (std::size_t i = 0; i < jobs.size(); i += 4) {
    const LibraryVector& v = crowd.vectors[i / 4];
    EXPECT_EQ(answers[i].substr(0, 8), v.tee == "snp" ? "accepted" : "error 1:") << v.tee;
  }
}

TEST(LibraryBatch, OfANewerProgramIsHeededOrAnError) {
  // Newer is a ward_job that a later version made longer.
  struct Newer {
    ward_job known;
    std::uint64_t later;
  };

  const Crowd crowd;
  const LibraryVector& v = crowd.vectors.front();
  const auto verifier = new_verifier(crowd.policy.get(), 0);
  const auto request = v.request();
  std::array<Newer, 3> jobs{};
  for (Newer& one : jobs) {
    one.known = job_of(v.evidence, request.get());
    one.known.size = sizeof(Newer);
  }
  jobs[1].later = 1;
  const auto answers =
      verify_all(verifier.get(), &jobs[0].known, jobs.size(), crowd.collateral.get(), 1);
  EXPECT_EQ(answers[0].substr(0, 9), "accepted\n");
  EXPECT_EQ(answers[1],
            "error 1: ward_verifier_verify_all: the job has a member that this library does not "
            "know");
  EXPECT_EQ(answers[2], answers[0]);
}

// Call is ward_verifier_verify_all with something wrong in it.
struct Call {
  const char* name;
  std::function<ward_status(ward_error**)> make;
  ward_status status;
  const char* message;
};

void never(void*, std::size_t, const ward_appraisal*, const ward_error*) { FAIL(); }

TEST(LibraryBatch, AWrongCallIsAStatusAndNobodyIsTold) {
  const Crowd crowd;
  const auto owned = new_verifier(crowd.policy.get(), 1);
  const ward_verifier* w = owned.get();
  const ward_job job{.size = 7};
  const ward_job unaligned{.size = sizeof(ward_job) + 1};
  const ward_job unset{.size = SIZE_MAX};
  const auto all = [&](const ward_job* jobs, std::size_t count, unsigned threads, ward_error** e) {
    return ward_verifier_verify_all(w, jobs, count, nullptr, threads, never, nullptr, e);
  };
  const char* const no_size = "ward_verifier_verify_all: the first job does not say its size";
  ward_verifier* made = nullptr;
  const std::vector<Call> calls = {
      {"no verifier",
       [&](auto e) {
         return ward_verifier_verify_all(nullptr, nullptr, 0, nullptr, 1, never, nullptr, e);
       },
       WARD_ERROR_USAGE, "ward_verifier_verify_all: verifier is NULL"},
      {"nobody to tell",
       [&](auto e) {
         return ward_verifier_verify_all(w, nullptr, 0, nullptr, 1, nullptr, nullptr, e);
       },
       WARD_ERROR_USAGE, "ward_verifier_verify_all: done is NULL"},
      {"no jobs", [&](auto e) { return all(nullptr, 3, 1, e); }, WARD_ERROR_USAGE,
       "ward_verifier_verify_all: 3 jobs at NULL"},
      {"too small", [&](auto e) { return all(&job, 1, 1, e); }, WARD_ERROR_USAGE, no_size},
      {"unaligned", [&](auto e) { return all(&unaligned, 1, 1, e); }, WARD_ERROR_USAGE, no_size},
      {"unset", [&](auto e) { return all(&unset, 1, 1, e); }, WARD_ERROR_USAGE, no_size},
      {"jobs", [&](auto e) { return all(nullptr, WARD_MAX_JOBS + 1, 1, e); }, WARD_ERROR_LIMIT,
       "ward_verifier_verify_all: 1000001 jobs, at most 1000000 are taken"},
      {"threads", [&](auto e) { return all(nullptr, 0, WARD_MAX_THREADS + 1, e); },
       WARD_ERROR_LIMIT, "ward_verifier_verify_all: 1025 threads, at most 1024 are taken"},
      {"no policy", [&](auto e) { return ward_verifier_new_remembering(nullptr, 1, &made, e); },
       WARD_ERROR_USAGE, "ward_verifier_new_remembering: policy is NULL"},
      {"no out",
       [&](auto e) { return ward_verifier_new_remembering(crowd.policy.get(), 1, nullptr, e); },
       WARD_ERROR_USAGE, "ward_verifier_new_remembering: out is NULL"},
      {"platforms",
       [&](auto e) {
         return ward_verifier_new_remembering(crowd.policy.get(), WARD_MAX_PLATFORMS + 1, &made, e);
       },
       WARD_ERROR_LIMIT,
       "ward_verifier_new_remembering: 1000001 platforms, at most 1000000 are remembered"},
  };
  for (const Call& call : calls) {
    SCOPED_TRACE(call.name);
    ward_error* error = nullptr;
    EXPECT_EQ(call.make(&error), call.status);
    const ErrorHandle freed(error);
    EXPECT_STREQ(ward_error_message(error), call.message);
    EXPECT_STRNE(ward_error_hint(error), "");
    EXPECT_EQ(call.make(nullptr), call.status);
    EXPECT_EQ(made, nullptr);
  }
  EXPECT_EQ(all(nullptr, 0, WARD_MAX_THREADS, nullptr), WARD_OK);
  EXPECT_TRUE(new_verifier(crowd.policy.get(), WARD_MAX_PLATFORMS));
}

TEST(LibraryBatch, WhatACallbackThrowsEndsAsAStatus) {
  const Crowd crowd;
  const auto verifier = new_verifier(crowd.policy.get(), 1);
  auto jobs = crowd.jobs(1);
  const auto throws = [](void*, std::size_t, const ward_appraisal*, const ward_error*) {
    throw std::runtime_error("a bug of the program's");
  };
  for (const unsigned threads : {1U, 4U}) {
    ward_error* error = nullptr;
    EXPECT_EQ(ward_verifier_verify_all(verifier.get(), jobs.data(), jobs.size(),
                                       crowd.collateral.get(), threads, throws, nullptr, &error),
              WARD_ERROR_INTERNAL);
    ward_error_free(error);
  }
}

TEST(LibraryBatch, AnExplanationIsRefusedWithWhatToDo) {
  const Crowd crowd;
  const auto verifier = new_verifier(crowd.policy.get(), 1);
  const auto jobs = crowd.jobs(1);
  int calls = 0;
  const auto done = [](void* user, std::size_t, const ward_appraisal* a, const ward_error*) {
    for (const ward_form form : {WARD_FORM_TREE, WARD_FORM_SCRIPT, WARD_FORM_PAGE}) {
      const char* text = "";
      ward_error* error = nullptr;
      EXPECT_EQ(ward_appraisal_explain(a, form, &text, &error), WARD_ERROR_USAGE);
      EXPECT_EQ(text, nullptr);
      EXPECT_STREQ(ward_error_message(error),
                   "ward_appraisal_explain: a batch does not record what an explanation is made "
                   "of");
      EXPECT_STREQ(ward_error_hint(error), "verify this evidence alone, with ward_verifier_verify");
      ward_error_free(error);
    }
    ++*static_cast<int*>(user);
  };
  ASSERT_EQ(ward_verifier_verify_all(verifier.get(), jobs.data(), jobs.size(),
                                     crowd.collateral.get(), 1, done, &calls, nullptr),
            WARD_OK);
  EXPECT_EQ(static_cast<std::size_t>(calls), jobs.size());
}

// Texts of evidence and collateral that C cannot have, or that are no text.
TEST(LibraryBatch, TextsAreThoseOfAnAppraisalAlone) {
  static constexpr attest::CheckInfo kInfo{"x.y.z", "a reference", "a meaning", "a hint"};
  attest::Appraisal a;
  a.tee = "sgx";
  a.checks.push_back({.info = &kInfo,
                      .outcome = attest::Outcome::kFailed,
                      .found = std::string("a\0b", 3),
                      .expected = "\xff\xfe"});
  a.claims.push_back({"one", std::string("c\0\xff", 3)});
  a.notes = {"a note", "\xc3\xa9"};
  a.warnings = {"\xc3"};
  ward_appraisal batch;
  library::show_appraisal(a, {}, batch);
  const auto alone = library::make_appraisal(explain::explain(a, {}, {}, {}));
  ASSERT_TRUE(alone.has_value());
  EXPECT_EQ(answers_of(&batch), answers_of(alone->get()));
  EXPECT_NE(answers_of(&batch).find("a\\u0000b"), std::string::npos) << answers_of(&batch);
  ward_check check{.size = sizeof(ward_check)};
  ASSERT_EQ(ward_appraisal_check_at(&batch, 0, &check), WARD_OK);
  EXPECT_STREQ(check.found, "a?b");
}

}  // namespace
}  // namespace ward::test
