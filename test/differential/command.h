#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "codec/json_write.h"

// What the programs that print cases for compare.py have in common.
namespace ward::differential {

// Command is SEED FIRST COUNT [FACE].
struct Command {
  std::string_view seed;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::string_view face;  // empty: any
};

// read_command is nullopt where the arguments are not these.
[[nodiscard]] std::optional<Command> read_command(int argc, char** argv);

// write_lines prints what `line` says of each number; the exit code.
[[nodiscard]] int write_lines(const Command& command,
                              const std::function<std::string(std::uint64_t)>& line);

void write_list(codec::JsonWriter& out, const char* name, const std::vector<std::string>& list);

// write_verdict writes the member `ward`.
void write_verdict(codec::JsonWriter& out, const attest::Appraisal& appraisal);

}  // namespace ward::differential
