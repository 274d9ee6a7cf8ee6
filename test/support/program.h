#pragma once

#include <string>
#include <vector>

namespace ward::test {

// ProgramResult is what a program that ended by itself left behind.
struct ProgramResult {
  int exit = -1;  // exit status; 128 + the signal's number where one ended it
  std::string out;
  std::string err;
};

// run_program runs argv[0] (searched in PATH) to its end with `input` as its standard input.
ProgramResult run_program(const std::vector<std::string>& argv, const std::string& input = {});

}  // namespace ward::test
