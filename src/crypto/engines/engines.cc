#include <ward_p384.h>

#include "crypto/p384.h"

namespace ward::crypto {
namespace {

const p384::Engine kAwsLc = {ward_p384_name(), ward_p384_verify};
[[maybe_unused]] const p384::Engine* const kBefore = p384::use(&kAwsLc);

}  // namespace
}  // namespace ward::crypto
