// verify_folder EVIDENCE-FOLDER FOLDER UNIX-TIME [PEM]: appraises every file of a folder with the
// documents of another, as of a time, in as many threads as the machine runs at once, and prints a
// line for each. Report data, measurement and workload are not compared: a real program gives each
// job a request with what it asked that platform to prove. With PEM, development platforms under
// those roots are accepted too. Exit codes are those of `ward verify`, the worst of all: 1 where
// one is refused, else 3 where one could not be told, else 0; 2 usage.
#include <iostream>
#include <string>
#include <vector>

#include <ward/verifier.h>

#include "files.h"

namespace {

constexpr int kUsage = 2;
constexpr int kCouldNotTell = 3;

// Line is what is said of one file. Each thread writes those of its own jobs.
struct Line {
  std::string text;
  int exit_code = kCouldNotTell;
};

int exit_code(const ward::Error& error) {
  if (error.status() == WARD_ERROR_EMPTY_EVIDENCE) return WARD_REFUSED;
  return error.status() == WARD_ERROR_USAGE ? kUsage : kCouldNotTell;
}

// A refusal is worse than what could not be told.
int worst(const std::vector<Line>& lines) {
  int out = WARD_ACCEPTED;
  for (const Line& line : lines) {
    if (out != WARD_REFUSED && line.exit_code != WARD_ACCEPTED) out = line.exit_code;
  }
  return out;
}

int verify(const std::vector<std::string>& args) {
  ward::Policy policy;
  if (args.size() == 4) {
    policy.allow_development().add_development_roots(example::read_file(args[3]));
  }
  ward::Request request(std::stoll(args[2]));
  request.report_data_unchecked().measurement_unchecked().workload_unchecked();

  std::vector<std::string> evidence;  // which the jobs borrow
  const auto files = example::files_in(args[0]);
  if (files.empty()) throw std::runtime_error(args[0] + ": no file in it");
  for (const auto& file : files) {
    evidence.push_back(example::read_file(file));
  }
  std::vector<ward::Job> jobs;
  for (const std::string& one : evidence) {
    jobs.emplace_back(one, request);
  }

  // Evidence of a platform that was seen before costs little more than its own signature.
  const ward::Verifier verifier(policy, ward::Remember{1000});
  std::vector<Line> lines(jobs.size());
  verifier.verify_all(
      jobs, example::read_folder(args[1]), 0,
      [&](std::size_t index, const ward::BatchAppraisal* appraisal, const ward::Error* error) {
        lines[index] = appraisal != nullptr ? Line{appraisal->summary(), appraisal->exit_code()}
                                            : Line{error->what(), exit_code(*error)};
      });
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::cout << files[i].filename().string() << ": " << lines[i].text << '\n';
  }
  return worst(lines);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() < 3 || args.size() > 4 || args[2].empty() ||
      args[2].find_first_not_of("0123456789") != std::string::npos || args[2].size() > 12) {
    std::cerr << "usage: verify_folder EVIDENCE-FOLDER FOLDER UNIX-TIME [PEM]\n";
    return kUsage;
  }
  try {
    return verify(args);
  } catch (const ward::Error& error) {
    std::cerr << "verify_folder: " << error.what() << '\n';
    if (!error.hint().empty()) std::cerr << "verify_folder: " << error.hint() << '\n';
    return exit_code(error);
  } catch (const std::exception& error) {
    std::cerr << "verify_folder: " << error.what() << '\n';
    return kCouldNotTell;
  }
}
