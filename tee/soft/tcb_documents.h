#pragma once

#include <string>

#include "base/result.h"
#include "tee/dcap/tcb_documents.h"

namespace ward::soft {

// tcb_info_body (version 2 and 3) and qe_identity_body write the inner JSON objects, which are
// signed as they are: the inverses of dcap::parse_tcb_info and parse_qe_identity.
[[nodiscard]] Result<std::string> tcb_info_body(const dcap::TcbInfo& info);
[[nodiscard]] Result<std::string> qe_identity_body(const dcap::QeIdentity& identity);

}  // namespace ward::soft
