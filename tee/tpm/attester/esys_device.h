#pragma once

#include <memory>
#include <string>

#include "tee/tpm/attester/device.h"

namespace ward::tpm {

// open_device opens a TPM through tpm2-tss; `tcti` is its configuration ("device:/dev/tpmrm0",
// "swtpm:host=127.0.0.1,port=2321"), "" the library's default. kUnavailable; the value is the
// library's response code.
[[nodiscard]] Result<std::unique_ptr<Device>> open_device(const std::string& tcti);

}  // namespace ward::tpm
