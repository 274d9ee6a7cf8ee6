#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "tee/soft/faces.h"

// What a command's --tee names, on a machine where only the software TEE gives evidence.
namespace ward::cli {

// NoTee is why there is no such TEE here: kUsage for a name that is none, kCouldNotTell for one
// that this machine, or this build, does not have.
struct NoTee {
  int code = 0;
  std::string what;
  std::string hint;
};

// soft_face takes `soft-FACE`; "auto" and the names of hardware are kCouldNotTell, and say what
// this machine lacks. The face is static.
[[nodiscard]] Result<const soft::Face*, NoTee> soft_face(std::string_view tee);

// fail_with prints it and returns its code.
int fail_with(const NoTee& why);

// soft_faces lists the names that soft_face takes, "soft-sgx, soft-tdx, ...", for --help.
[[nodiscard]] std::string soft_faces();

// launch_measurement is what a platform with this face makes of a ward-keep image
// (keep::Measured::runtime): MRENCLAVE, MRTD or MEASUREMENT.
[[nodiscard]] Buffer launch_measurement(const soft::Face& face, Bytes runtime);

}  // namespace ward::cli
