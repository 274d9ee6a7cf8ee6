#pragma once

// libward: appraise evidence of trusted execution environments, from C and from every language
// that calls C. The words are those of RFC 9334. docs/library.md shows how it is used.
//
// No clock, no file, no socket, no environment variable: time and collateral are arguments, so the
// same call gives the same answer on any day.
//
// Threads. A ward_verifier and a ward_appraisal never change once they are made: any number of
// threads may use one at the same time. Every other handle is used by one thread at a time while it
// is changed; functions that take it as `const` may run at the same time as one another. Handles
// are not bound to the thread that made them. The library starts threads in
// ward_verifier_verify_all alone, and they have ended when it returns. A thread inside the library
// must not be cancelled (pthread_cancel): that ends the process.
//
// Ownership. What `..._new` and ward_verifier_verify return belongs to the caller, who hands it to
// the matching `..._free` once; free takes NULL. What a handle is given is copied. A `const char *`
// is UTF-8 that ends with NUL, and lives as long as the handle that it was asked of, or for ever
// where no handle is named. A list is counted from 0.
//
// Errors. A function that can fail returns a ward_status. Where `error` is not NULL, *error is set:
// to NULL, or to what is wrong and what to do; free it. A function that fails leaves its handle as
// it was and sets *out to NULL. NULL for a handle, text or octets that are needed is
// WARD_ERROR_USAGE, never a crash (octets of size 0 may be NULL). No C++ exception leaves the
// library. A refusal is no error: it is an appraisal that lists every check.
//
// Versions. All names carry the symbol version WARD_1.0. Names are added, never changed or taken
// away; structures grow at their end and say their size.

// NOLINTBEGIN(modernize-use-using,modernize-deprecated-headers,readability-identifier-naming): C.
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define WARD_API __attribute__((visibility("default")))
#else
#define WARD_API
#endif

#ifdef __cplusplus
#define WARD_NOEXCEPT noexcept
extern "C" {
#else
#define WARD_NOEXCEPT
#endif

// Limits. What is larger is WARD_ERROR_LIMIT.
#define WARD_MAX_EVIDENCE_BYTES 4194304U
#define WARD_MAX_DOCUMENTS 4096U
#define WARD_MAX_DOCUMENT_BYTES 8388608U
#define WARD_MAX_CHIP_LIST_BYTES 67108864U
#define WARD_MAX_TEXT_BYTES 8192U    // of a name, a field, a value
#define WARD_MAX_VALUE_BYTES 1024U   // of a value that is expected
#define WARD_MAX_VALUES 4096U        // demands of a policy; values of one expectation
#define WARD_MAX_PLATFORMS 1000000U  // that a verifier remembers
#define WARD_MAX_JOBS 1000000U       // of one batch
#define WARD_MAX_THREADS 1024U       // of one batch

// ward_status says whether a function did what it was asked.
typedef enum ward_status {
  WARD_OK = 0,
  WARD_ERROR_USAGE = 1,               // an argument is wrong, also a policy that cannot be met
  WARD_ERROR_LIMIT = 2,               // larger, or more, than the library takes
  WARD_ERROR_UNKNOWN_EVIDENCE = 3,    // no kind of evidence that this library knows
  WARD_ERROR_EMPTY_EVIDENCE = 4,      // no octet of evidence
  WARD_ERROR_MALFORMED_EVIDENCE = 5,  // cut or altered, where a verdict is not what was asked for
  WARD_ERROR_NOT_FOUND = 6,           // a list has no such item
  WARD_ERROR_NO_MEMORY = 7,
  WARD_ERROR_INTERNAL = 8  // our own bug, or a failed call of a cryptographic library
} ward_status;

// ward_verdict has the exit codes of `ward verify` as its values.
typedef enum ward_verdict {
  WARD_ACCEPTED = 0,     // every check that was asked for passed
  WARD_REFUSED = 1,      // at least one check failed
  WARD_UNDETERMINED = 3  // none failed, but something that is needed was not given
} ward_verdict;

// ward_outcome is what happened to a check.
typedef enum ward_outcome { WARD_PASSED = 0, WARD_FAILED = 1, WARD_NOT_DONE = 2 } ward_outcome;

// ward_not_done says why a check was not done.
typedef enum ward_not_done {
  WARD_NOT_DONE_NONE = 0,       // it was done
  WARD_NOT_DONE_NOT_ASKED = 1,  // the caller named no expectation
  WARD_NOT_DONE_ABSENT = 2,     // something needed was not given (collateral)
  WARD_NOT_DONE_BLOCKED = 3     // an earlier check, which this one rests on, did not pass
} ward_not_done;

// ward_origin says who set an expectation.
typedef enum ward_origin {
  WARD_ORIGIN_SPECIFICATION = 0,
  WARD_ORIGIN_POLICY = 1,
  WARD_ORIGIN_REFERENCE_VALUE = 2,
  WARD_ORIGIN_COLLATERAL = 3,
  WARD_ORIGIN_CALLER = 4
} ward_origin;

// ward_form is what an explanation is made for.
typedef enum ward_form {
  WARD_FORM_TREE = 1,    // a person at a terminal: what `ward verify --explain` prints
  WARD_FORM_SCRIPT = 2,  // an auditor: a shell script, as `ward verify --show-work` writes it
  WARD_FORM_PAGE = 3     // a person with a browser: HTML, as `ward verify --html` writes it
} ward_form;

typedef struct ward_error ward_error;            // what is wrong, and what to do
typedef struct ward_policy ward_policy;          // what is acceptable
typedef struct ward_verifier ward_verifier;      // a policy at work
typedef struct ward_collateral ward_collateral;  // endorsements: certificates, CRLs, TCB documents
typedef struct ward_request ward_request;        // the time, and the values that are expected
typedef struct ward_appraisal ward_appraisal;    // a verdict with every reason
typedef struct ward_needs ward_needs;            // the collateral that a piece of evidence needs

// Structures that the library fills. The caller sets `size` to sizeof the structure as it was
// compiled; the library fills what both know, and sets members that it does not know to zero.

// ward_tcb is the platform's security version as its maker judges it.
typedef struct ward_tcb {
  size_t size;
  const char* status;  // in the maker's words; NULL where there is none
  size_t advisory_count;
  int32_t has_date;
  int32_t has_evaluation_number;
  int64_t date;                // Unix seconds
  uint64_t evaluation_number;  // tcbEvaluationDataNumber (Intel PCS API, TCB Info V3)
} ward_tcb;

// ward_check is one declared check with what happened. Texts are "", never NULL, where there is
// nothing to say.
typedef struct ward_check {
  size_t size;
  const char* id;  // "sgx.tcb.status"; never changes its meaning
  ward_outcome outcome;
  ward_not_done not_done;
  const char* found;
  const char* expected;
  ward_origin origin;         // of the expectation
  const char* expected_from;  // which policy, reference value or document
  const char* reference;      // document and section that demands the check
  const char* meaning;        // what it means where it fails
  const char* hint;           // what to do then
} ward_check;

// ward_claim is one statement of the evidence, under its specification's name.
typedef struct ward_claim {
  size_t size;
  const char* name;
  const char* text;  // octets as lower-case hex
} ward_claim;

// ward_need names a document that a piece of evidence needs.
typedef struct ward_need {
  size_t size;
  const char* kind;  // "sgx.tcb_info"
  const char* key;   // "00606a000000"
} ward_need;

// ward_tee describes one kind of evidence that this library knows. Its texts live for ever.
typedef struct ward_tee {
  size_t size;
  const char* name;  // "sgx"
  const char* title;
  const char* media_type;
  size_t report_data_size;  // in octets
  size_t measurement_size;  // 0: not fixed
  size_t workload_size;     // 0: not fixed
  size_t check_count;       // checks that its appraisals may list
} ward_tee;

// ward_check_info declares a check. Its texts live for ever.
typedef struct ward_check_info {
  size_t size;
  const char* id;
  const char* reference;
  const char* meaning;
  const char* hint;
} ward_check_info;

// The library -----------------------------------------------------------------------------------

// ward_version returns the version of the library that runs, "1.2.3" (semantic versioning).
WARD_API const char* ward_version(void) WARD_NOEXCEPT;

// ward_tee_count returns how many kinds of evidence the library knows.
WARD_API size_t ward_tee_count(void) WARD_NOEXCEPT;

// ward_tee_at describes one. WARD_ERROR_NOT_FOUND from ward_tee_count() on.
WARD_API ward_status ward_tee_at(size_t index, ward_tee* out) WARD_NOEXCEPT;

// ward_tee_check_at declares a check of a kind of evidence (docs/checks.md). WARD_ERROR_NOT_FOUND
// where there is no such kind or check.
WARD_API ward_status ward_tee_check_at(size_t tee_index, size_t index,
                                       ward_check_info* out) WARD_NOEXCEPT;

// ward_recognise says, by the form alone, which kind of evidence this is. *tee is its name and
// lives for ever. WARD_ERROR_UNKNOWN_EVIDENCE, WARD_ERROR_EMPTY_EVIDENCE, WARD_ERROR_LIMIT.
WARD_API ward_status ward_recognise(const uint8_t* evidence, size_t size, const char** tee,
                                    ward_error** error) WARD_NOEXCEPT;

// Errors ----------------------------------------------------------------------------------------

// ward_error_status, ward_error_message (what is wrong, one line) and ward_error_hint (what to do,
// one line, "" where nothing helps) tell of an error. Of NULL: WARD_OK, "", "".
WARD_API ward_status ward_error_status(const ward_error* error) WARD_NOEXCEPT;
WARD_API const char* ward_error_message(const ward_error* error) WARD_NOEXCEPT;
WARD_API const char* ward_error_hint(const ward_error* error) WARD_NOEXCEPT;
WARD_API void ward_error_free(ward_error* error) WARD_NOEXCEPT;

// Policy ----------------------------------------------------------------------------------------
// What a new policy accepts: the maker's best TCB status alone; neither debug nor development;
// revocation lists are needed. docs/library.md names the option of `ward verify` that each function
// is. A demand that no evidence could meet is WARD_ERROR_USAGE where it is made.

WARD_API ward_status ward_policy_new(ward_policy** out, ward_error** error) WARD_NOEXCEPT;
WARD_API void ward_policy_free(ward_policy* policy) WARD_NOEXCEPT;

// ward_policy_set_name sets what appraisals call the policy.
WARD_API ward_status ward_policy_set_name(ward_policy* policy, const char* name,
                                          ward_error** error) WARD_NOEXCEPT;

// ward_policy_accept_tcb accepts one more of the maker's words for the state of a TCB, or "any":
// each but Revoked, which is never accepted.
WARD_API ward_status ward_policy_accept_tcb(ward_policy* policy, const char* status,
                                            ward_error** error) WARD_NOEXCEPT;

// Values of a field, by the id of its check (docs/checks.md): "tdx.td_attributes.sept_ve_disable",
// "true". Of a field for which values are accepted, one of them must be found; none that is
// refused; and no less than the least.
WARD_API ward_status ward_policy_accept_value(ward_policy* policy, const char* field,
                                              const char* value, ward_error** error) WARD_NOEXCEPT;
WARD_API ward_status ward_policy_refuse_value(ward_policy* policy, const char* field,
                                              const char* value, ward_error** error) WARD_NOEXCEPT;
WARD_API ward_status ward_policy_min_value(ward_policy* policy, const char* field,
                                           const char* value, ward_error** error) WARD_NOEXCEPT;

// Flags: 0 is false, all else true.
WARD_API ward_status ward_policy_allow_debug(ward_policy* policy, int32_t allow,
                                             ward_error** error) WARD_NOEXCEPT;
WARD_API ward_status ward_policy_allow_development(ward_policy* policy, int32_t allow,
                                                   ward_error** error) WARD_NOEXCEPT;

// ward_policy_require_revocation with 0: where a revocation list is optional (SEV-SNP) and none is
// given, revocation counts among what was not checked instead of leaving the verdict undetermined.
// `ward verify` does so unless it is told --require-crl; this library does so only when told.
WARD_API ward_status ward_policy_require_revocation(ward_policy* policy, int32_t require,
                                                    ward_error** error) WARD_NOEXCEPT;

// ward_policy_min_tcb_evaluation sets the least tcbEvaluationDataNumber of TCB documents (Intel).
WARD_API ward_status ward_policy_min_tcb_evaluation(ward_policy* policy, uint64_t number,
                                                    ward_error** error) WARD_NOEXCEPT;

// ward_policy_min_tcb_date sets the least date of the TCB level that the platform reaches, in Unix
// seconds (Intel).
WARD_API ward_status ward_policy_min_tcb_date(ward_policy* policy, int64_t unix_s,
                                              ward_error** error) WARD_NOEXCEPT;

// ward_policy_tolerate tolerates an advisory up to and including a time, in Unix seconds: a status
// that is not accepted passes where all advisories that it names are tolerated. Never Revoked.
WARD_API ward_status ward_policy_tolerate(ward_policy* policy, const char* advisory, int64_t until,
                                          ward_error** error) WARD_NOEXCEPT;

// ward_policy_refuse_product refuses a product by its name ("Milan"), or by what its maker numbers
// it by, in hex.
WARD_API ward_status ward_policy_refuse_product(ward_policy* policy, const char* product,
                                                ward_error** error) WARD_NOEXCEPT;

// ward_policy_accept_chips sets the chips that are accepted: an id in hex a line, as the maker's
// certificate has it; `#` begins a comment.
WARD_API ward_status ward_policy_accept_chips(ward_policy* policy, const char* list, size_t size,
                                              ward_error** error) WARD_NOEXCEPT;

// ward_policy_add_development_roots trusts the certificates, or public keys, of a PEM file as roots
// beside the makers' pinned ones. Evidence that leads to one is marked as development, and is
// refused unless ward_policy_allow_development was called.
WARD_API ward_status ward_policy_add_development_roots(ward_policy* policy, const uint8_t* pem,
                                                       size_t size,
                                                       ward_error** error) WARD_NOEXCEPT;

// ward_policy_add_hardware_roots trusts the certificates, or public keys, of a PEM file as roots of
// one TEE's hardware ("tpm", as ward_tee_at names it): nothing marks evidence that leads to one, so
// the caller vouches for them. For TEEs whose makers' roots ward does not pin: TPM vendors, an
// attestation key, Arm's CPAK. They vouch for no other TEE's evidence.
WARD_API ward_status ward_policy_add_hardware_roots(ward_policy* policy, const char* tee,
                                                    const uint8_t* pem, size_t size,
                                                    ward_error** error) WARD_NOEXCEPT;

// Collateral ------------------------------------------------------------------------------------

WARD_API ward_status ward_collateral_new(ward_collateral** out, ward_error** error) WARD_NOEXCEPT;
WARD_API void ward_collateral_free(ward_collateral* collateral) WARD_NOEXCEPT;

// ward_collateral_add adds a document of any kind; which one it is, its octets say. `name` is for
// people and is never trusted. A mixture for many platforms is fine.
WARD_API ward_status ward_collateral_add(ward_collateral* collateral, const char* name,
                                         const uint8_t* document, size_t size,
                                         ward_error** error) WARD_NOEXCEPT;

// ward_collateral_count returns how many documents were added; 0 of NULL.
WARD_API size_t ward_collateral_count(const ward_collateral* collateral) WARD_NOEXCEPT;

// ward_needs_of lists the collateral that ward_verifier_verify will look for. Nothing in evidence
// is authenticated yet: use a key to look a document up, not to decide.
WARD_API ward_status ward_needs_of(const uint8_t* evidence, size_t size, ward_needs** out,
                                   ward_error** error) WARD_NOEXCEPT;
WARD_API size_t ward_needs_count(const ward_needs* needs) WARD_NOEXCEPT;
WARD_API ward_status ward_needs_at(const ward_needs* needs, size_t index,
                                   ward_need* out) WARD_NOEXCEPT;
WARD_API void ward_needs_free(ward_needs* needs) WARD_NOEXCEPT;

// Request ---------------------------------------------------------------------------------------
// The time, and what the evidence is compared with: report data (for freshness: what was chosen for
// this evidence alone), measurement (which code), workload (the field that names the workload:
// CONFIGID, MRCONFIGID, HOST_DATA). Each is either expected or left unchecked, aloud: a request
// that says neither is WARD_ERROR_USAGE where it is used. What is left unchecked is listed in the
// appraisal.

WARD_API ward_status ward_request_new(ward_request** out, ward_error** error) WARD_NOEXCEPT;
WARD_API void ward_request_free(ward_request* request) WARD_NOEXCEPT;

// ward_request_set_time sets the time to appraise as of, in Unix seconds, of the years 1970 to
// 9999. Take it from a clock that you trust. It has no default.
WARD_API ward_status ward_request_set_time(ward_request* request, int64_t unix_s,
                                           ward_error** error) WARD_NOEXCEPT;

// The whole field, as many octets as the TEE has: nothing is padded or cut. May be called again:
// any of the values is accepted.
WARD_API ward_status ward_request_expect_report_data(ward_request* request, const uint8_t* value,
                                                     size_t size, ward_error** error) WARD_NOEXCEPT;
WARD_API ward_status ward_request_expect_measurement(ward_request* request, const uint8_t* value,
                                                     size_t size, ward_error** error) WARD_NOEXCEPT;
WARD_API ward_status ward_request_expect_workload(ward_request* request, const uint8_t* value,
                                                  size_t size, ward_error** error) WARD_NOEXCEPT;

// Not compared. WARD_ERROR_USAGE where a value is expected, and the other way round.
WARD_API ward_status ward_request_report_data_unchecked(ward_request* request,
                                                        ward_error** error) WARD_NOEXCEPT;
WARD_API ward_status ward_request_measurement_unchecked(ward_request* request,
                                                        ward_error** error) WARD_NOEXCEPT;
WARD_API ward_status ward_request_workload_unchecked(ward_request* request,
                                                     ward_error** error) WARD_NOEXCEPT;

// Verifier --------------------------------------------------------------------------------------

// ward_verifier_new copies the policy.
WARD_API ward_status ward_verifier_new(const ward_policy* policy, ward_verifier** out,
                                       ward_error** error) WARD_NOEXCEPT;
WARD_API void ward_verifier_free(ward_verifier* verifier) WARD_NOEXCEPT;

// ward_verifier_verify appraises evidence, as the platform made it. `collateral` may be NULL: none.
// WARD_OK says that there is an appraisal, not that the evidence is good: ask for its verdict.
// Malformed or altered evidence is an appraisal that refuses. WARD_ERROR_USAGE also where the
// policy or the request names what this kind of evidence does not have.
WARD_API ward_status ward_verifier_verify(const ward_verifier* verifier, const uint8_t* evidence,
                                          size_t size, const ward_collateral* collateral,
                                          const ward_request* request, ward_appraisal** out,
                                          ward_error** error) WARD_NOEXCEPT;

// Many pieces of evidence -----------------------------------------------------------------------

// ward_verifier_new_remembering makes a verifier that remembers up to so many platforms (0: none;
// at most WARD_MAX_PLATFORMS), so that the next evidence of one, in a batch, costs little more than
// its own signature. What is remembered of a platform is what its certificates and collateral
// verified to, under a digest of all of them and of the roots, and for as long as no time in them
// passes. That never extends trust: other collateral, another chain, and a time outside are
// verified anew, and every appraisal is as it would be without. Policy, request and the evidence's
// own signature are never remembered. What was not used for longest is forgotten first. A platform
// takes about 11 KB, and more where collateral of other makers is mixed in (a note each); one of
// more than 64 KiB is not remembered. A collateral handle of batches holds its documents twice.
WARD_API ward_status ward_verifier_new_remembering(const ward_policy* policy, size_t platforms,
                                                   ward_verifier** out,
                                                   ward_error** error) WARD_NOEXCEPT;

// ward_job is one piece of evidence of a batch. The caller zeroes it, sets `size` to sizeof
// ward_job, the same in each job of an array, and keeps what it points to until the batch is done.
typedef struct ward_job {
  size_t size;
  const uint8_t* evidence;
  size_t evidence_size;
  const ward_request* request;
} ward_job;

// ward_verified_fn is told of one job, by its index: the appraisal, or the error where there is
// none; the other is NULL. Both belong to the library and end with the call. It is called from
// several threads at the same time, and must return: no exception, longjmp or pthread_exit.
typedef void (*ward_verified_fn)(void* user, size_t index, const ward_appraisal* appraisal,
                                 const ward_error* error);

// ward_verifier_verify_all appraises each job as ward_verifier_verify does, in up to `threads`
// threads of which the caller's is one (0: as many as the machine runs at once), and returns when
// `done` was told of each, in any order. Collateral (NULL: none) is read once, and kept read until
// documents are added to it. What is wrong with one job is that job's error and none of the
// others'. Where the call fails, the jobs that `done` was not told of were not verified. The
// appraisals answer everything but ward_appraisal_explain: a batch does not record what that needs.
// WARD_ERROR_LIMIT beyond WARD_MAX_JOBS or WARD_MAX_THREADS.
WARD_API ward_status ward_verifier_verify_all(const ward_verifier* verifier, const ward_job* jobs,
                                              size_t count, const ward_collateral* collateral,
                                              unsigned threads, ward_verified_fn done, void* user,
                                              ward_error** error) WARD_NOEXCEPT;

// Appraisal -------------------------------------------------------------------------------------

WARD_API void ward_appraisal_free(ward_appraisal* appraisal) WARD_NOEXCEPT;

// ward_appraisal_verdict; WARD_REFUSED of NULL.
WARD_API ward_verdict ward_appraisal_verdict(const ward_appraisal* appraisal) WARD_NOEXCEPT;

// Texts; "" of NULL. The summary is the line for people: "refused: sgx.quote.signature".
WARD_API const char* ward_appraisal_tee(const ward_appraisal* appraisal) WARD_NOEXCEPT;
WARD_API const char* ward_appraisal_summary(const ward_appraisal* appraisal) WARD_NOEXCEPT;

// ward_appraisal_development: 1 where the evidence leads to a development root: not a TEE. Of NULL
// 1.
WARD_API int32_t ward_appraisal_development(const ward_appraisal* appraisal) WARD_NOEXCEPT;

// ward_appraisal_time is the time that it is as of; 0 of NULL.
WARD_API int64_t ward_appraisal_time(const ward_appraisal* appraisal) WARD_NOEXCEPT;

WARD_API ward_status ward_appraisal_tcb(const ward_appraisal* appraisal,
                                        ward_tcb* out) WARD_NOEXCEPT;

// ward_appraisal_advisory is one that the maker names for this TCB ("INTEL-SA-00615"); NULL from
// ward_tcb::advisory_count on.
WARD_API const char* ward_appraisal_advisory(const ward_appraisal* appraisal,
                                             size_t index) WARD_NOEXCEPT;

// Every check, in the order of their declaration. A check that was not done did not pass.
WARD_API size_t ward_appraisal_check_count(const ward_appraisal* appraisal) WARD_NOEXCEPT;
WARD_API ward_status ward_appraisal_check_at(const ward_appraisal* appraisal, size_t index,
                                             ward_check* out) WARD_NOEXCEPT;
WARD_API ward_status ward_appraisal_find_check(const ward_appraisal* appraisal, const char* id,
                                               ward_check* out) WARD_NOEXCEPT;

// What the evidence states. Rely on it only where the verdict is WARD_ACCEPTED.
WARD_API size_t ward_appraisal_claim_count(const ward_appraisal* appraisal) WARD_NOEXCEPT;
WARD_API ward_status ward_appraisal_claim_at(const ward_appraisal* appraisal, size_t index,
                                             ward_claim* out) WARD_NOEXCEPT;

// What nobody asked for, and so was not checked: "report_data", "measurement". NULL behind the end.
WARD_API size_t ward_appraisal_unchecked_count(const ward_appraisal* appraisal) WARD_NOEXCEPT;
WARD_API const char* ward_appraisal_unchecked_at(const ward_appraisal* appraisal,
                                                 size_t index) WARD_NOEXCEPT;

// What else is worth a word: collateral that was passed over. NULL behind the end.
WARD_API size_t ward_appraisal_note_count(const ward_appraisal* appraisal) WARD_NOEXCEPT;
WARD_API const char* ward_appraisal_note_at(const ward_appraisal* appraisal,
                                            size_t index) WARD_NOEXCEPT;

// What weakens the verdict, whatever it is, and should be shown first: a status that the policy
// accepts all the same, a product line whose reports can be forged. NULL behind the end.
WARD_API size_t ward_appraisal_warning_count(const ward_appraisal* appraisal) WARD_NOEXCEPT;
WARD_API const char* ward_appraisal_warning_at(const ward_appraisal* appraisal,
                                               size_t index) WARD_NOEXCEPT;

// ward_appraisal_explain explains the verdict: what it rests on, every check, and what to do
// (docs/explain.md). `text` lives as long as the appraisal. WARD_ERROR_USAGE of an appraisal of
// ward_verifier_verify_all.
WARD_API ward_status ward_appraisal_explain(const ward_appraisal* appraisal, ward_form form,
                                            const char** text, ward_error** error) WARD_NOEXCEPT;

// ward_appraisal_json is the whole appraisal (docs/schemas/ward.appraisal-1.json), octet for octet
// what `ward verify --json` prints; of ward_verifier_verify_all without `materials` and `advice`.
WARD_API ward_status ward_appraisal_json(const ward_appraisal* appraisal, const char** json,
                                         ward_error** error) WARD_NOEXCEPT;

#ifdef __cplusplus
}
#endif
// NOLINTEND(modernize-use-using,modernize-deprecated-headers,readability-identifier-naming)
