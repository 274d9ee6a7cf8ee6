#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "attest/scheme.h"
#include "base/result.h"

// How a policy's demands are written by people, on a command line or through a library: what is
// checked where they are written, so that a policy that could never be met is found there.
namespace ward::attest {

// Mistake is a demand that cannot be made: what is wrong and what to do, a line each.
struct Mistake {
  std::string what;
  std::string hint;
};

// DemandNames are what those who write the demands call them: options of a program, functions of a
// library. Mistakes are told in these words.
struct DemandNames {
  const char* accept_tcb;
  const char* accept_value;
  const char* refuse_value;
  const char* min_value;
  const char* min_tcb_evaluation;
  const char* min_tcb_date;
  const char* tolerate;
  const char* refuse_product;
  const char* chips;
};

// advisory_id is an advisory as makers write it, in upper case; nullopt for what cannot be one. TCB
// documents name advisories, never CVEs.
[[nodiscard]] std::optional<std::string> advisory_id(std::string_view text);

// chip_id reads a chip's id: 8 to 64 octets in hex, not all zero; nullopt for anything else.
[[nodiscard]] std::optional<Buffer> chip_id(std::string_view text);

// Demands adds demands to a policy for evidence of any of `schemes`. Each function either adds the
// demand or returns the mistake and leaves the policy as it was. Immutable and thread safe.
class Demands {
 public:
  // `schemes` must outlive it.
  Demands(std::span<const Scheme* const> schemes, const DemandNames& names)
      : schemes_(schemes), names_(names) {}

  // accept_tcb adds one of the makers' words for the state of a TCB, or "any".
  [[nodiscard]] Result<void, Mistake> accept_tcb(std::string_view status, Policy& policy) const;

  // Values of a TEE's own fields, by the check's id (Policy::accepted_values and its kin).
  [[nodiscard]] Result<void, Mistake> accept_value(std::string_view field, std::string_view value,
                                                   Policy& policy) const;
  [[nodiscard]] Result<void, Mistake> refuse_value(std::string_view field, std::string_view value,
                                                   Policy& policy) const;
  [[nodiscard]] Result<void, Mistake> min_value(std::string_view field, std::string_view value,
                                                Policy& policy) const;

  // tolerate adds an advisory that is tolerated up to and including `until` (Policy::tolerated).
  [[nodiscard]] Result<void, Mistake> tolerate(std::string_view advisory, UnixTime until,
                                               Policy& policy) const;

  // refuse_product adds a product's name, or what a maker numbers its products by, in hex.
  [[nodiscard]] Result<void, Mistake> refuse_product(std::string_view product,
                                                     Policy& policy) const;

  // chips sets the chips that are accepted from a list: an id in hex a line, as the maker's
  // certificate has it; `#` begins a comment.
  [[nodiscard]] Result<void, Mistake> chips(std::string_view list, Policy& policy) const;

  // misplaced is a mistake where the policy demands what evidence of `scheme` never states: it
  // would be dropped without a word.
  [[nodiscard]] std::optional<Mistake> misplaced(const Scheme& scheme, const Policy& policy) const;

  // without_effect is the same of evidence that was appraised: its TEE may state a TCB status on
  // some hardware alone. Of evidence that is not genuine there is none.
  [[nodiscard]] std::optional<Mistake> without_effect(const Appraisal& appraisal,
                                                      const Policy& policy) const;

 private:
  [[nodiscard]] Mistake no_status(const std::string& whose) const;
  [[nodiscard]] Result<FieldInfo, Mistake> field_of(const char* demand, std::string_view id,
                                                    std::string_view value) const;

  std::span<const Scheme* const> schemes_;
  DemandNames names_;
};

// tcb_statuses lists the makers' words for the state of a TCB, over all schemes, each once.
[[nodiscard]] std::vector<std::string> tcb_statuses(std::span<const Scheme* const> schemes);

// wrong_size is a mistake where a value of `size` octets, given by `demand`, is not the whole of
// what has `wanted` octets (0: one of `several`; any number but none where there are none). `whose`
// says what: "the report data of sgx".
[[nodiscard]] std::optional<Mistake> wrong_size(std::string_view demand, std::size_t size,
                                                std::size_t wanted, std::string_view whose,
                                                std::span<const std::size_t> several = {});

}  // namespace ward::attest
