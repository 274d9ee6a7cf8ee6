#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "attest/field.h"
#include "attest/platform.h"
#include "attest/work.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace ward::attest {

// LayoutField is one field of evidence as its specification lays it out; reserved ones included.
struct LayoutField {
  std::size_t offset = 0;
  std::size_t size = 0;
  std::string name;   // "report_body.mr_enclave"
  std::string type;   // the specification's structure, "sgx_report_body_t"
  std::string value;  // for people
};

// PolicyLine is one line of the policy that evidence is judged by where nobody says otherwise.
struct PolicyLine {
  const char* line;   // "accepted_tcb"
  const char* value;  // "UpToDate"
  const char* why;    // a sentence
};

// SchemeInfo describes a TEE to the command line, the documents and the console.
struct SchemeInfo {
  const char* name;        // "sgx"
  const char* title;       // "Intel SGX, DCAP quote version 3"
  const char* media_type;  // of the evidence
  std::size_t report_data_size;
  std::size_t measurement_size = 0;           // of the launch measurement; 0: not fixed
  std::size_t workload_size = 0;              // of the field that names the workload; 0: not fixed
  std::span<const CheckInfo> checks;          // all that it can produce
  std::span<const FieldInfo> fields;          // that a policy may name; each has a check
  std::span<const Anchor> anchors;            // the maker's roots, pinned
  std::span<const char* const> tcb_statuses;  // the maker's words that a policy may accept
  std::span<const PolicyLine> default_policy{};
  std::span<const char* const> products{};  // names of products that a policy may refuse
  // Of a digest over nonce and key, how many octets the field carries where that is fewer than it
  // could; 0: report_data_size, or all where that is 0.
  std::size_t binding_size = 0;
  // What the KBS protocol calls it, where that is not its name.
  std::span<const char* const> protocol_names{};
  std::size_t product_octets = 0;  // of products that have a number for a name; 0: none has
  // Whoever runs the machine chooses the report data: a key that stands in it is not the
  // workload's.
  bool host_chooses_report_data = false;
  // What has one of several sizes: all of them, where its size above is 0; none: any.
  std::span<const std::size_t> report_data_sizes{};
  std::span<const std::size_t> measurement_sizes{};
  std::span<const std::size_t> workload_sizes{};
};

// How sure a scheme is that evidence is of its kind.
enum class Recognition : std::uint8_t {
  kNo,
  kDamaged,  // it may be a cut or damaged piece of this kind
  kSure,     // it has this kind's marks
};

// Prepared is collateral that one scheme has read, so that it need not be read for each piece of
// evidence. Immutable and thread safe; each scheme derives its own.
class Prepared {
 public:
  explicit Prepared(const PlatformKey& digest) : digest_(digest) {}

  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  virtual ~Prepared() = default;

  // digest names the documents, by name and content.
  [[nodiscard]] const PlatformKey& digest() const { return digest_; }

 private:
  PlatformKey digest_;
};

// Job is one verification. Everything is borrowed for the length of the call.
struct Job {
  Bytes evidence;
  const Collateral& collateral;     // what was given for this evidence
  std::span<const Anchor> anchors;  // the roots to trust: the maker's, and any that the relying
                                    // party named
  UnixTime now;
  Work* work = nullptr;  // filled, where it is not null, with what outcomes derive from
  const Prepared* prepared = nullptr;  // what this scheme read before; stands before `collateral`
  const Collateral* source = nullptr;  // what `prepared` was read from; null exactly where it is
  PlatformStore* platforms = nullptr;  // what is known already; not looked at where `work` is asked
};

// Scheme is all knowledge of one kind of evidence. Stateless and thread safe. No method does I/O or
// reads a clock.
class Scheme {
 public:
  Scheme() = default;
  Scheme(const Scheme&) = delete;
  Scheme& operator=(const Scheme&) = delete;
  virtual ~Scheme() = default;

  [[nodiscard]] virtual SchemeInfo info() const = 0;

  [[nodiscard]] virtual Recognition recognises(Bytes evidence) const = 0;

  // inspect prints form only: no verdict, nothing is authenticated.
  [[nodiscard]] virtual Result<std::vector<Claim>> inspect(Bytes evidence) const = 0;
  [[nodiscard]] virtual Result<std::vector<LayoutField>> layout(Bytes evidence) const = 0;

  // needs lists the collateral that verify() will look for.
  [[nodiscard]] virtual Result<std::vector<CollateralRequest>> needs(Bytes evidence) const = 0;

  // prepare reads collateral; malformed documents are noted when it is used, as verify() would.
  [[nodiscard]] virtual std::unique_ptr<const Prepared> prepare(
      const Collateral& collateral) const = 0;

  // verify examines everything that can be examined, and writes what it found over all that `out`
  // held; malformed evidence is a failed check, not an Error. Errors are our own failures only.
  // Findings are the same whether platform and collateral were known before or not.
  [[nodiscard]] virtual Result<void> verify(const Job& job, Findings& out) const = 0;
};

// all_fields lists the fields of all schemes.
[[nodiscard]] std::vector<FieldInfo> all_fields(std::span<const Scheme* const> schemes);

// recognise returns the scheme that is the surest of `evidence`, the first of equals; null where
// none knows it.
[[nodiscard]] const Scheme* recognise(std::span<const Scheme* const> schemes, Bytes evidence);

}  // namespace ward::attest
