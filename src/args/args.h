#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

// The command lines of ward's programs, over CLI11. args.cc alone includes that library: its header
// costs as much to compile as the rest of a command.
namespace ward::args {

// Option is one option or positional argument of a command. Each call returns the option itself.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option* required();
  Option* type_name(const std::string& name);  // what stands behind it in --help; "": nothing
  Option* group(const std::string& heading);   // in --help
  Option* one_of(const std::vector<std::string>& values);
  Option* in_range(std::uint64_t min, std::uint64_t max);
  Option* delimiter(char between);         // several values in one argument
  Option* allow_extra_args(bool several);  // false: one value each time it is given
  Option* values_each(int count);          // so many arguments each time it is given
  Option* excludes(Option* other);
  Option* needs(Option* other);
  Option* capture_default_str();  // show the value that it has now in --help

 private:
  CLI::Option* option_;  // CLI11's App owns it
};

// Command is a program or a command of it. It owns its options and commands; what a value is
// written to is borrowed, and outlives the parsing. A value of the wrong kind is a usage error.
class Command {
 public:
  explicit Command(CLI::App* app);
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command();

  Command* add_subcommand(const std::string& name, const std::string& help);

  // require_subcommand: exactly `count`, or from `min` to `max`.
  Command* require_subcommand(unsigned count);
  Command* require_subcommand(unsigned min, unsigned max);

  // `names` is "-o,--output", or a word without dashes for a positional argument. A text may
  // not be empty, but for positional lists; unsigned numbers are decimal digits alone. Else it is a
  // usage error.
  Option* add_option(const std::string& names, std::string& value, const std::string& help);
  Option* add_option(const std::string& names, std::vector<std::string>& value,
                     const std::string& help);
  Option* add_option(const std::string& names, std::optional<std::uint64_t>& value,
                     const std::string& help);
  Option* add_option(const std::string& names, std::uint64_t& value, const std::string& help);
  Option* add_option(const std::string& names, std::uint32_t& value, const std::string& help);
  Option* add_option(const std::string& names, std::vector<std::uint32_t>& value,
                     const std::string& help);
  Option* add_option(const std::string& names, std::int32_t& value, const std::string& help);
  Option* add_flag(const std::string& names, bool& value, const std::string& help);

  // callback is called by parse where this command was given.
  Command* callback(std::function<void()> call);

  // given is true where this command was given.
  [[nodiscard]] bool given() const;

 private:
  Option* keep(CLI::Option* option);

  CLI::App* app_;
  std::vector<std::unique_ptr<Command>> commands_;
  std::vector<std::unique_ptr<Option>> options_;
};

// Parsed is what became of a command line.
struct Parsed {
  bool done = false;  // --help or --version: printed, nothing more to do
  std::string error;  // what is wrong; empty where nothing is
  std::string hint;   // what to do about it: the word that was probably meant, or where help is
};

// Program is a whole command line.
class Program {
 public:
  // `version` is printed by --version; "": there is no such flag.
  Program(const std::string& name, const std::string& help, const std::string& version);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  [[nodiscard]] Command& command() { return *command_; }

  // parse reads the arguments, writes the values and makes the callbacks.
  [[nodiscard]] Parsed parse(int argc, const char* const* argv);

 private:
  std::unique_ptr<CLI::App> app_;
  std::unique_ptr<Command> command_;
};

}  // namespace ward::args
