#include "test/differential/command.h"

#include <charconv>
#include <cstdio>

namespace ward::differential {
namespace {

bool read_number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::optional<Command> read_command(int argc, char** argv) {
  if (argc != 4 && argc != 5) return std::nullopt;
  Command out{.seed = argv[1], .face = argc == 5 ? argv[4] : ""};
  if (!read_number(argv[2], out.first) || !read_number(argv[3], out.count)) return std::nullopt;
  return out;
}

int write_lines(const Command& command, const std::function<std::string(std::uint64_t)>& line) {
  for (std::uint64_t n = command.first; n < command.first + command.count; ++n) {
    const std::string text = line(n) + "\n";
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) return 1;
  }
  return 0;
}

void write_list(codec::JsonWriter& out, const char* name, const std::vector<std::string>& list) {
  out.name(name).begin_array();
  for (const std::string& text : list) {
    out.string(text);
  }
  out.end_array();
}

void write_verdict(codec::JsonWriter& out, const attest::Appraisal& a) {
  out.name("ward").begin_object();
  out.member("verdict", attest::to_text(a.verdict));
  out.member("status", a.tcb.status);
  write_list(out, "advisories", a.tcb.advisories);
  write_list(out, "failed", a.failed());
  std::vector<std::string> absent;
  for (const attest::Check& c : a.checks) {
    if (c.not_done == attest::NotDone::kAbsent) absent.emplace_back(c.info->id);
  }
  write_list(out, "absent", absent);
  out.end_object();
}

}  // namespace ward::differential
