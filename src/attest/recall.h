#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "base/time.h"

// What is known of a platform, told again for another piece of evidence and another time.
namespace ward::attest {

// kTimeOfAppraisal is where an expectation comes from whose text ends in the time of appraisal.
inline constexpr const char* kTimeOfAppraisal = "time of appraisal";

// is_sound is true where no check failed and nothing was absent, but for revocation lists that a
// policy may do without: only such findings are worth keeping.
[[nodiscard]] bool is_sound(const Findings& findings);

// KeptFindings are a scheme's findings of a platform at one time, in little room: each text stands
// in it once. Immutable.
class KeptFindings {
 public:
  // Keeps what was found out at `at`. The checks are those of a table, in its order.
  KeptFindings(const Findings& findings, UnixTime at);

  // recall writes them over whatever `out` held, as they are at `now`, which lies in the same
  // window. Claims and the facts of fields are not written: those of the evidence belong to them.
  void recall(UnixTime now, Findings& out) const;

  // claims are the platform's.
  [[nodiscard]] const std::vector<Claim>& claims() const { return rest_.claims; }

  // memory is about how many octets they occupy.
  [[nodiscard]] std::size_t memory() const;

 private:
  struct Text {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };

  // One check; which one, its place says.
  struct Row {
    Text found;
    Text expected;
    Text expected_from;
    Outcome outcome = Outcome::kNotDone;
    NotDone not_done = NotDone::kNone;
    Origin origin = Origin::kSpecification;
    bool timed = false;  // `expected` ends in the time of appraisal
  };

  [[nodiscard]] std::string_view text(Text where) const {
    return std::string_view(texts_).substr(where.at, where.size);
  }

  const CheckInfo* table_ = nullptr;
  std::vector<Row> rows_;
  std::string texts_;
  Findings rest_;  // without checks
  UnixTime at_;
};

}  // namespace ward::attest
