#include <cerrno>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <sys/stat.h>
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

// found_dir is where demo.py lies when nobody says it: in the data folder that was fixed when this
// program was built, in its own prefix, or, where this is a build folder, in its checkout. The last
// comes last and needs CMake's own mark: elsewhere that path is outside of what was installed.
std::optional<fs::path> found_dir() {
  const fs::path here = folder_of_this_program();
  std::vector<fs::path> places = {fs::path(WARD_DATA_DIR) / "demo", here / "../share/ward/demo"};
  std::error_code ignored;
  if (fs::exists(here / "../CMakeCache.txt", ignored)) places.push_back(here / "../../../demo");
  for (const fs::path& place : places) {
    if (fs::exists(place / "demo.py", ignored)) return place;
  }
  return std::nullopt;
}

// Others is what other users of the machine may not be able to do to the code that runs here.
enum class Others : std::uint8_t {
  kMayNotWrite,  // for a folder that the user named
  kMayNotOwnIt,  // and for one that was found: it is root's, or this user's
};

// unsafe names what of `path` somebody else could change; empty where nobody could. In a folder
// above, /tmp's sticky bit is enough: what is in it keeps its place.
std::string unsafe(const fs::path& path, Others others, bool above) {
  struct stat info {};

  if (::stat(path.c_str(), &info) != 0)
    return path.string() + ": " + std::generic_category().message(errno);
  const bool kept = above && (info.st_mode & S_ISVTX) != 0;
  if ((info.st_mode & S_IWOTH) != 0 && !kept) return path.string() + ": everybody may change it";
  const bool owned = info.st_uid == 0 || info.st_uid == ::geteuid();
  if (others == Others::kMayNotOwnIt && !owned) return path.string() + ": belongs to another user";
  return {};
}

// unsafe_dir looks at the folder, at those above it, and at everything in it.
std::string unsafe_dir(const fs::path& dir, Others others) {
  std::error_code failed;
  const fs::path whole = fs::canonical(dir, failed);
  if (failed) return dir.string() + ": " + failed.message();
  std::string why = unsafe(whole, others, false);
  for (fs::path one = whole; why.empty() && one != one.parent_path();) {
    one = one.parent_path();
    why = unsafe(one, others, true);
  }
  fs::recursive_directory_iterator at(whole, failed);
  for (; why.empty() && !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
    why = unsafe(at->path(), others, false);
  }
  return failed ? whole.string() + ": " + failed.message() : why;
}

// Words collects a command line.
class Words {
 public:
  void add(const std::string& word) { words_.push_back(word); }

  void add(const char* option, const std::string& value) {
    if (value.empty()) return;
    words_.emplace_back(option);
    words_.push_back(value);
  }

  // become replaces this program; it returns only where that fails.
  void become(const char* program) {
    std::vector<char*> argv;
    for (std::string& word : words_) {
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    ::execv(program, argv.data());
  }

 private:
  std::deque<std::string> words_;
};

int run(const Options& options) {
  const bool named = !options.demo_dir.empty();
  const auto dir = named ? fs::path(options.demo_dir) : found_dir();
  std::error_code ignored;
  if (!dir || !fs::exists(*dir / "demo.py", ignored)) {
    const std::string where = dir ? dir->string() : std::string(WARD_DATA_DIR) + "/demo";
    return fail(kCouldNotTell, where + ": no demo.py here", "name its folder: --demo-dir");
  }
  const std::string why = unsafe_dir(*dir, named ? Others::kMayNotWrite : Others::kMayNotOwnIt);
  if (!why.empty()) {
    return fail(kRefused, why, "the demo runs no code that others may have put there");
  }
  Words words;
  words.add(kPython);
  words.add("-I");
  words.add(fs::absolute(*dir / "demo.py").string());
  words.add("--programs", folder_of_this_program().string());
  if (options.json) words.add("--json");
  words.add("--work", options.work);
  words.add("--data", options.data);
  for (const std::string& cheat : options.cheats) {
    words.add("--cheat", cheat);
  }
  words.become(kPython);
  return fail(kCouldNotTell, std::string(kPython) + ": " + std::generic_category().message(errno),
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
