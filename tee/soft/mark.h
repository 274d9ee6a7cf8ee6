#pragma once

#include "pki/build.h"
#include "tee/x509/development.h"

namespace ward::soft {

// mark_extension is the development extension (tee/x509/development.h). All certificates have it
// but those of a platform's own key: other verifiers count a PCK certificate's extensions
// (go-tdx-guest), and refuse a VCEK's or VLEK's that AMD does not define (go-sev-guest). Every
// certificate has the mark in its names.
[[nodiscard]] pki::Extension mark_extension();

}  // namespace ward::soft
