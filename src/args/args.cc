#include "args/args.h"

#include <charconv>
#include <utility>

#include <CLI/CLI.hpp>

#include "base/nearest.h"

namespace ward::args {

Option* Option::required() {
  option_->required();
  return this;
}

Option* Option::type_name(const std::string& name) {
  option_->type_name(name);
  return this;
}

Option* Option::group(const std::string& heading) {
  option_->group(heading);
  return this;
}

Option* Option::one_of(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return this;
}

Option* Option::in_range(std::uint64_t min, std::uint64_t max) {
  option_->check(CLI::Range(min, max));
  return this;
}

Option* Option::delimiter(char between) {
  option_->delimiter(between);
  return this;
}

Option* Option::allow_extra_args(bool several) {
  option_->allow_extra_args(several);
  return this;
}

Option* Option::values_each(int count) {
  option_->type_size(count)->allow_extra_args(false);
  return this;
}

Option* Option::excludes(Option* other) {
  option_->excludes(other->option_);
  return this;
}

Option* Option::needs(Option* other) {
  option_->needs(other->option_);
  return this;
}

Option* Option::capture_default_str() {
  option_->capture_default_str();
  return this;
}

Command::Command(CLI::App* app) : app_(app) {}

Command::~Command() = default;

Command* Command::add_subcommand(const std::string& name, const std::string& help) {
  commands_.push_back(std::make_unique<Command>(app_->add_subcommand(name, help)));
  return commands_.back().get();
}

Command* Command::require_subcommand(unsigned count) { return require_subcommand(count, count); }

Command* Command::require_subcommand(unsigned min, unsigned max) {
  app_->require_subcommand(min, max);
  return this;
}

namespace {

// An empty value is what an unset variable of a script leaves. Taken for "not given" it would
// switch off, without a word, the very comparison that the option asks for.
std::string not_empty(const std::string& text) { return text.empty() ? "the value is empty" : ""; }

// CLI11 reads a leading zero as octal, takes signs and lets numbers wrap.
std::string decimal(const std::string& text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool plain = error == std::errc{} && stop == end && (text.size() == 1 || text[0] != '0');
  return plain ? "" : "not a decimal number of at most 64 bits: " + text;
}

bool is_named(const std::string& names) { return names.starts_with('-'); }

CLI::Option* number(CLI::Option* option) { return option->check(CLI::Validator(decimal, "")); }

CLI::Option* text(CLI::Option* option) { return option->check(CLI::Validator(not_empty, "")); }

}  // namespace

Option* Command::keep(CLI::Option* option) {
  options_.push_back(std::make_unique<Option>(option));
  return options_.back().get();
}

Option* Command::add_option(const std::string& names, std::string& value, const std::string& help) {
  return keep(text(app_->add_option(names, value, help)));
}

Option* Command::add_option(const std::string& names, std::vector<std::string>& value,
                            const std::string& help) {
  CLI::Option* option = app_->add_option(names, value, help);
  // The words of a command to run may be empty.
  return keep(is_named(names) ? text(option) : option);
}

Option* Command::add_option(const std::string& names, std::optional<std::uint64_t>& value,
                            const std::string& help) {
  return keep(number(app_->add_option(names, value, help)));
}

Option* Command::add_option(const std::string& names, std::uint64_t& value,
                            const std::string& help) {
  return keep(number(app_->add_option(names, value, help)));
}

Option* Command::add_option(const std::string& names, std::uint32_t& value,
                            const std::string& help) {
  return keep(number(app_->add_option(names, value, help)));
}

Option* Command::add_option(const std::string& names, std::vector<std::uint32_t>& value,
                            const std::string& help) {
  return keep(number(app_->add_option(names, value, help)));
}

Option* Command::add_option(const std::string& names, std::int32_t& value,
                            const std::string& help) {
  return keep(app_->add_option(names, value, help));
}

Option* Command::add_flag(const std::string& names, bool& value, const std::string& help) {
  // --flag=false would switch off in silence what a script meant to demand.
  return keep(app_->add_flag(names, value, help)->disable_flag_override());
}

Command* Command::callback(std::function<void()> call) {
  app_->callback(std::move(call));
  return this;
}

bool Command::given() const { return app_->parsed(); }

Program::Program(const std::string& name, const std::string& help, const std::string& version)
    : app_(std::make_unique<CLI::App>(help)), command_(std::make_unique<Command>(app_.get())) {
  app_->name(name);
  if (!version.empty()) app_->set_version_flag("--version", version);
}

Program::~Program() = default;

namespace {

// chosen is the command that was given, the deepest; its name in full goes to `path`.
const CLI::App* chosen(const CLI::App* app, std::string& path) {
  path = app->get_name();
  for (auto given = app->get_subcommands(); !given.empty(); given = app->get_subcommands()) {
    app = given.front();
    path += " " + app->get_name();
  }
  return app;
}

std::string list(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    out += (out.empty() ? "" : ", ") + word;
  }
  return out;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::App* command : app.get_subcommands({})) {
    out.push_back(command->get_name());
  }
  return out;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      out.push_back("--" + name);
    }
  }
  return out;
}

// unknown tells of a word that neither a command nor an option took.
Parsed unknown(const CLI::App& app, const std::string& path, const std::string& word) {
  const bool option = word.starts_with("-");
  const std::vector<std::string> names = option ? option_names(app) : command_names(app);
  const std::string help = "see `" + path + " --help`";
  if (names.empty() || (!option && !app.get_subcommands().empty())) {
    return {.done = false, .error = "one argument too many: " + word, .hint = help};
  }
  const std::string name = word.substr(0, word.find('='));
  const std::string meant = nearest(name, names);
  Parsed out{.done = false, .error = "no such option: " + name, .hint = help};
  if (!option) out = {.done = false, .error = "no such command: " + word, .hint = list(names)};
  if (!meant.empty()) out.hint = "did you mean " + (option ? meant : path + " " + meant) + "?";
  return out;
}

}  // namespace

Parsed Program::parse(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& done) {  // --help, --version
    app_->exit(done);
    return {.done = true, .error = {}, .hint = {}};
  } catch (const CLI::ParseError& error) {
    std::string path;
    const CLI::App* app = chosen(app_.get(), path);
    // The word that nobody took comes before what is missing for want of it.
    if (const auto left = app_->remaining(true); !left.empty()) {
      return unknown(*app, path, left.front());
    }
    if (app->get_require_subcommand_min() > 0 && app->get_subcommands().empty()) {
      return {.done = false,
              .error = "a command is missing",
              .hint = path + " takes one of: " + list(command_names(*app))};
    }
    return {.done = false, .error = error.what(), .hint = "see `" + path + " --help`"};
  }
  return {};
}

}  // namespace ward::args
