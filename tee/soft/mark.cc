#include "tee/soft/mark.h"

#include "codec/der.h"

namespace ward::soft {

pki::Extension mark_extension() {
  codec::DerWriter value;
  value.element(codec::der_tag::kUtf8String, as_bytes(x509::kDevelopmentMark));
  return {.oid = to_buffer(x509::development_oid()), .critical = false, .value = value.take()};
}

}  // namespace ward::soft
