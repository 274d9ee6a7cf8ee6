#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "apps/ward/commands.h"
#include "args/args.h"

// ward demo: the story of docs/DESIGN.md section 1. It is told by demo/demo.py, which runs the
// commands that a user would type (docs/adr/demo-is-python.md); this finds it and becomes it.
namespace ward::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPython = "/usr/bin/python3";

struct Options {
  std::string demo_dir;
  std::string work;
  std::string data;
  std::vector<std::string> cheats;
  bool json = false;
};

fs::path folder_of_this_program() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path();
}

// demo_dir is where demo.py lies: named, in the checkout of which this is the build, or installed.
fs::path demo_dir(const Options& options) {
  if (!options.demo_dir.empty()) return options.demo_dir;
  const fs::path here = folder_of_this_program();
  const fs::path checkout = here / "../../../demo";
  std::error_code ignored;
  if (fs::exists(checkout / "demo.py", ignored)) return checkout;
  return here / "../share/ward/demo";
}

// Words collects a command line.
class Words {
 public:
  void add(const std::string& word) { words_.push_back(word); }

  void add(const char* option, const std::string& value) {
    if (value.empty()) return;
    words_.push_back(option);
    words_.push_back(value);
  }

  // become replaces this program; it returns only where that fails.
  void become(const char* program) {
    std::vector<char*> argv;
    for (std::string& word : words_)
      argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(program, argv.data());
  }

 private:
  std::deque<std::string> words_;
};

int run(const Options& options) {
  const fs::path dir = demo_dir(options);
  std::error_code ignored;
  if (!fs::exists(dir / "demo.py", ignored))
    return fail(kCouldNotTell, dir.string() + ": no demo.py here", "name its folder: --demo-dir");
  Words words;
  words.add(kPython);
  words.add("-I");
  words.add(fs::absolute(dir / "demo.py").string());
  words.add("--programs", folder_of_this_program().string());
  if (options.json) words.add("--json");
  words.add("--work", options.work);
  words.add("--data", options.data);
  for (const std::string& cheat : options.cheats)
    words.add("--cheat", cheat);
  words.become(kPython);
  return fail(kCouldNotTell, std::string(kPython) + ": " + std::strerror(errno),
              "the demo needs Python and PyTorch: ./run demo installs them");
}

}  // namespace

void add_demo(args::Command& app, Action& action) {
  auto options = std::make_shared<Options>();
  args::Command* command = app.add_subcommand(
      "demo", "the whole story on this machine, with the refusals shown (needs python3-torch)");
  command->add_flag("--json", options->json, "print one JSON object (ward.demo/1), nothing else");
  command->add_option("--work", options->work, "work folder, new or empty (below /var/tmp)")
      ->type_name("DIR");
  command->add_option("--cheat", options->cheats, "run this cheat only; may be given again")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command->add_option("--data", options->data, "the breast-cancer table (build/data)")
      ->type_name("FILE");
  command->add_option("--demo-dir", options->demo_dir, "folder of demo.py")->type_name("DIR");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace ward::cli
