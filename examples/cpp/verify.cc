// verify EVIDENCE FOLDER UNIX-TIME [PEM]: appraises a file of evidence with the documents of a
// folder, as of a time, and prints the verdict and what stands in its way. Report data, measurement
// and workload are not compared: a real program calls expect_report_data with what it asked the
// platform to prove. With PEM, development platforms under those roots are accepted too. Exit codes
// are those of `ward verify`: 0 accepted, 1 refused, 2 usage, 3 could not tell.
#include <iostream>
#include <string>
#include <vector>

#include <ward/verifier.h>

#include "files.h"

namespace {

using example::read_file;
using example::read_folder;

constexpr int kUsage = 2;
constexpr int kCouldNotTell = 3;

int verify(const std::vector<std::string>& args) {
  ward::Policy policy;
  if (args.size() == 4) policy.allow_development().add_development_roots(read_file(args[3]));
  ward::Request request(std::stoll(args[2]));
  request.report_data_unchecked().measurement_unchecked().workload_unchecked();

  const ward::Verifier verifier(policy);
  const ward::Appraisal appraisal =
      verifier.verify(read_file(args[0]), read_folder(args[1]), request);
  std::cout << appraisal.summary() << '\n';
  for (const ward::Check& check : appraisal.problems()) {
    std::cout << (check.outcome == ward::Outcome::kFailed ? "failed " : "missing ") << check.id
              << ": found \"" << check.found << "\", expected \"" << check.expected << "\"\n  "
              << check.hint << '\n';
  }
  return appraisal.exit_code();
}

int exit_code(const ward::Error& error) {
  if (error.status() == WARD_ERROR_EMPTY_EVIDENCE) return WARD_REFUSED;
  return error.status() == WARD_ERROR_USAGE ? kUsage : kCouldNotTell;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() < 3 || args.size() > 4 || args[2].empty() ||
      args[2].find_first_not_of("0123456789") != std::string::npos || args[2].size() > 12) {
    std::cerr << "usage: verify EVIDENCE FOLDER UNIX-TIME [PEM]\n";
    return kUsage;
  }
  try {
    return verify(args);
  } catch (const ward::Error& error) {
    std::cerr << "verify: " << error.what() << '\n';
    if (!error.hint().empty()) std::cerr << "verify: " << error.hint() << '\n';
    return exit_code(error);
  } catch (const std::exception& error) {
    std::cerr << "verify: " << error.what() << '\n';
    return kCouldNotTell;
  }
}
