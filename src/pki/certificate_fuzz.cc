#include "base/fuzz.h"
#include "pki/build.h"

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

}  // namespace

// What parses says the same when it is written again with build.h.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::pki;
  if (size > kMaxCertificateBytes - 64) return 0;  // parameters may be written out
  const auto got = parse_certificate(ward::Bytes(data, size));
  if (!got) return 0;
  require(got->der.size() == size && got->issuer.matches(got->issuer));
  (void)got->self_issued();
  (void)got->subject.text();
  (void)got->subject.matches(got->issuer);
  for (const GeneralName& name : got->subject_alt_names)
    require(same_name(name, name));
  if (got->name_constraints) {
    for (const GeneralName& name : got->subject_alt_names)
      (void)permits(*got->name_constraints, name);
  }
  if (got->version != 3 || (got->serial[0] & 0x80U) != 0) return 0;
  const CertificateSpec spec{.serial = got->serial,
                             .signature_algorithm = got->signature_algorithm,
                             .issuer = got->issuer,
                             .subject = got->subject,
                             .not_before = got->not_before,
                             .not_after = got->not_after,
                             .spki = got->spki,
                             .extensions = got->extensions};
  const auto again = build_certificate(
      spec, [&](ward::Bytes) -> ward::Result<ward::Buffer> { return got->signature; });
  require(again.has_value());
  const auto second = parse_certificate(*again);
  require(second && second->serial == got->serial && second->spki == got->spki &&
          second->not_before == got->not_before && second->not_after == got->not_after &&
          second->extensions.size() == got->extensions.size() &&
          second->key_usage == got->key_usage &&
          second->subject_alt_names == got->subject_alt_names);
  return 0;
}
