#include "args/args.h"

#include <utility>

#include <CLI/CLI.hpp>

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

Option* Command::keep(CLI::Option* option) {
  options_.push_back(std::make_unique<Option>(option));
  return options_.back().get();
}

Option* Command::add_option(const std::string& names, std::string& value, const std::string& help) {
  return keep(app_->add_option(names, value, help));
}

Option* Command::add_option(const std::string& names, std::vector<std::string>& value,
                            const std::string& help) {
  return keep(app_->add_option(names, value, help));
}

Option* Command::add_option(const std::string& names, std::optional<std::uint64_t>& value,
                            const std::string& help) {
  return keep(app_->add_option(names, value, help));
}

Option* Command::add_option(const std::string& names, std::uint64_t& value,
                            const std::string& help) {
  return keep(app_->add_option(names, value, help));
}

Option* Command::add_option(const std::string& names, std::uint32_t& value,
                            const std::string& help) {
  return keep(app_->add_option(names, value, help));
}

Option* Command::add_option(const std::string& names, std::vector<std::uint32_t>& value,
                            const std::string& help) {
  return keep(app_->add_option(names, value, help));
}

Option* Command::add_option(const std::string& names, std::int32_t& value,
                            const std::string& help) {
  return keep(app_->add_option(names, value, help));
}

Option* Command::add_flag(const std::string& names, bool& value, const std::string& help) {
  return keep(app_->add_flag(names, value, help));
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

Parsed Program::parse(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& done) {  // --help, --version
    app_->exit(done);
    return {.done = true, .error = {}};
  } catch (const CLI::ParseError& error) {
    const std::string what = error.what();
    return {.done = false, .error = what.empty() ? "usage" : what};
  }
  return {};
}

}  // namespace ward::args
