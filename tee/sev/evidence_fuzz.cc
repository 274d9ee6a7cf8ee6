#include "base/fuzz.h"
#include "tee/sev/evidence.h"

namespace {

void require(bool what) {
  if (!what) __builtin_trap();
}

}  // namespace

// Properties: what is read is written again to the same octets, as evidence and as certificates
// alone; its layout covers every octet.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward;  // NOLINT(google-build-using-namespace): a test's
  const Bytes in(data, size);
  if (const auto read = sev::parse_certificates(in)) {
    Buffer again;
    for (const sev::Certificate& c : *read) {
      const Buffer octets = sev::write(c.parts);
      again.insert(again.end(), octets.begin(), octets.end());
      static_cast<void>(sev::signed_by(c, read->back()));
    }
    require(equal(again, in));
  }
  const auto parsed = sev::parse_evidence(in);
  const auto* const evidence = std::get_if<sev::Evidence>(&parsed);
  if (evidence == nullptr) return 0;
  require(equal(sev::write_evidence(*evidence), in));
  std::size_t covered = 0;
  for (const attest::LayoutField& field : sev::layout_of(*evidence)) {
    require(field.offset == covered);
    covered += field.size;
  }
  require(covered == size);
  std::vector<attest::Claim> claims;
  attest::ClaimList list(claims);
  evidence->report.add_claims(list);
  list.finish();
  for (const sev::Certificate& c : evidence->sent) {
    static_cast<void>(evidence->report.signed_by(c.key));
  }
  return 0;
}
