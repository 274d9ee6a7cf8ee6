#include "keep/infer.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <unistd.h>

#include "keep/capture.h"
#include "keep/elf_kind.h"
#include "keep/failure.h"
#include "keep/names.h"
#include "keep/runtime.h"

namespace ward::keep {
namespace {

namespace fs = std::filesystem;

// Debian's and most others' place for x86-64; what ELF programs name as their interpreter.
constexpr const char* kDynamicLinker = "/lib64/ld-linux-x86-64.so.2";
constexpr int kMaxInterpreters = 2;  // a script whose interpreter is a script is enough

constexpr Limits kDefaults = {.seconds = 3600,
                              .memory_bytes = std::uint64_t{4} << 30U,
                              .processes = 256,
                              .disk_bytes = std::uint64_t{1} << 30U,
                              .open_files = 1024};

std::string head_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::array<char, 256> head{};
  in.read(head.data(), head.size());
  return {head.data(), static_cast<std::size_t>(in.gcount())};
}

// shared_objects reads the dynamic linker's list: "name => path (0x...)" or "path (0x...)".
std::vector<std::string> shared_objects(const std::string& listing) {
  std::vector<std::string> out;
  std::istringstream in(listing);
  for (std::string line; std::getline(in, line);) {
    const std::size_t begin = line.find('/');
    const std::size_t end = line.rfind(" (0x");
    if (begin == std::string::npos || end == std::string::npos || end < begin) continue;
    std::string path = line.substr(begin, end - begin);
    if (const std::size_t arrow = path.find(" => "); arrow != std::string::npos) {
      path = path.substr(arrow + 4);
    }
    out.push_back(std::move(path));
  }
  return out;
}

class Inference {
 public:
  explicit Inference(const InferRequest& request) : request_(request) {}

  Result<Manifest, Failure> run() {
    WARD_CHECK_OK(program());
    for (const std::string& file : request_.more_files) {
      WARD_CHECK_OK(add(file, FileMode::kData));
    }
    for (const std::string& tree : request_.trees) {
      WARD_CHECK_OK(add_tree(tree));
    }
    out_.name = request_.name;
    out_.limits = kDefaults;
    std::sort(out_.files.begin(), out_.files.end(),
              [](const FileEntry& a, const FileEntry& b) { return a.path < b.path; });
    return std::move(out_);
  }

 private:
  Result<std::string, Failure> looked_up(const std::string& name) const {
    if (name.find('/') != std::string::npos) return absolute(name);
    std::istringstream in(request_.search_path);
    for (std::string folder; std::getline(in, folder, ':');) {
      const fs::path candidate = fs::path(folder.empty() ? "." : folder) / name;
      if (::access(candidate.c_str(), X_OK) == 0) return absolute(candidate);
    }
    return Failure{.code = Errc::kUnavailable, .what = name + ": not found in PATH"};
  }

  // absolute keeps the links of a path: the file will lie where the command names it.
  static std::string absolute(const fs::path& path) {
    return fs::absolute(path).lexically_normal().string();
  }

  // program takes the command's own file, the interpreters of scripts, and files among the
  // arguments.
  Result<void, Failure> program() {
    if (request_.argv.empty()) return Failure{.code = Errc::kMalformed, .what = "no command"};
    std::vector<std::string> argv = request_.argv;
    if (argv[0] == kAgentPath) {  // it is in every keep
      out_.argv = std::move(argv);
      return {};
    }
    for (int depth = 0;; ++depth) {
      WARD_TRY(argv[0], looked_up(argv[0]));
      const std::string head = head_of(argv[0]);
      if (!head.starts_with("#!")) break;
      if (depth == kMaxInterpreters) {
        return Failure{.code = Errc::kLimit, .what = argv[0] + ": interpreters of interpreters"};
      }
      WARD_CHECK_OK(add(argv[0], FileMode::kScript));
      std::istringstream line(head.substr(2, head.find('\n') - 2));
      std::vector<std::string> words;
      for (std::string word; line >> word;) {
        words.push_back(word);
      }
      // `#!/usr/bin/env python3`: env itself would only look the name up.
      if (words.size() > 1 && fs::path(words[0]).filename() == "env") words.erase(words.begin());
      if (words.empty()) return Failure{.code = Errc::kMalformed, .what = argv[0] + ": #! alone"};
      argv.insert(argv.begin(), words.begin(), words.end());
    }
    std::error_code ignored;
    const std::string real = fs::canonical(argv[0], ignored).string();
    if (ignored) return Failure{.code = Errc::kUnavailable, .what = argv[0] + ": not found"};
    argv[0] = real;  // "/usr/bin/python3" is a link; the program itself is what runs
    WARD_CHECK_OK(add(real, FileMode::kProgram));
    WARD_CHECK_OK(add_libraries(real));
    for (std::size_t i = 1; i < argv.size(); ++i) {
      WARD_CHECK_OK(add_argument(argv[i]));
    }
    out_.argv = std::move(argv);
    if (fs::path(real).filename().string().starts_with("python3")) return add_python(real);
    return {};
  }

  Result<void, Failure> add_argument(std::string& argument) {
    std::error_code ignored;
    if (argument.empty() || argument[0] == '-' || !fs::is_regular_file(argument, ignored)) {
      return {};
    }
    argument = absolute(argument);
    return add(argument, FileMode::kData);
  }

  Result<void, Failure> add(const std::string& name, FileMode mode) {
    const std::string path = absolute(name);
    if (!seen_.insert(path).second) return {};
    if (!is_clean_path(path) || is_reserved_path(path)) {
      return Failure{.code = Errc::kDenied,
                     .what = path +
                             ": a keep has no files of yours below /ward, /proc, /dev, /in, "
                             "/out or /tmp; copy it elsewhere"};
    }
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) {
      return Failure{.code = Errc::kUnavailable, .what = path + ": no such file"};
    }
    out_.files.push_back({.path = path, .source = path, .mode = mode, .sha256 = std::nullopt});
    return {};
  }

  // add_libraries takes what the dynamic linker would load; none for a static program.
  Result<void, Failure> add_libraries(const std::string& object) {
    auto listing = capture({kDynamicLinker, "--list", object});
    if (!listing) return {};  // static, or not for this linker
    for (const std::string& library : shared_objects(*listing)) {
      if (in_tree(library)) continue;
      const bool linker = fs::path(library).filename().string().starts_with("ld-linux");
      WARD_CHECK_OK(
          add(linker ? kDynamicLinker : library, linker ? FileMode::kProgram : FileMode::kData));
    }
    return {};
  }

  [[nodiscard]] bool in_tree(const std::string& path) const {
    return std::any_of(out_.trees.begin(), out_.trees.end(),
                       [&](const TreeEntry& tree) { return path.starts_with(tree.path + "/"); });
  }

  Result<void, Failure> add_tree(const std::string& name) {
    const std::string path = absolute(name);
    std::error_code problem;
    if (!fs::is_directory(path, problem)) {
      return Failure{.code = Errc::kUnavailable, .what = path + ": no such folder"};
    }
    if (is_reserved_path(path) || path == "/") {
      return Failure{.code = Errc::kDenied, .what = path + ": cannot be a folder of a keep"};
    }
    if (in_tree(path) || !seen_.insert(path).second) return {};
    out_.trees.push_back({.path = path, .source = path});
    // A file that was named alone before is the tree's now.
    std::erase_if(out_.files, [&](const FileEntry& f) { return f.path.starts_with(path + "/"); });
    for (auto it = fs::recursive_directory_iterator(path, problem);
         !problem && it != fs::recursive_directory_iterator(); it.increment(problem)) {
      const fs::path& file = it->path();
      if (it->is_symlink(problem)) WARD_CHECK_OK(add_link_target(file));
      if (!it->is_regular_file(problem) || file.string().find(".so") == std::string::npos) continue;
      if (is_elf(as_bytes(head_of(file)))) WARD_CHECK_OK(add_libraries(file.string()));
    }
    if (problem) {
      return Failure{.code = Errc::kUnavailable, .what = path + ": " + problem.message()};
    }
    return {};
  }

  // add_link_target takes the file that a link of a tree leads to, where it lies outside the tree.
  // A folder out there is left alone: the link then leads nowhere inside.
  Result<void, Failure> add_link_target(const fs::path& link) {
    std::error_code ignored;
    const std::string target = absolute(link.parent_path() / fs::read_symlink(link, ignored));
    if (ignored || in_tree(target) || !fs::is_regular_file(target, ignored)) return {};
    WARD_CHECK_OK(add(target, FileMode::kData));
    return is_elf(as_bytes(head_of(target))) ? add_libraries(target) : Result<void, Failure>();
  }

  // add_python asks the interpreter where its standard library lies.
  static constexpr const char* kPrintFolders =
      "import sysconfig as s; p = s.get_paths(); print(p['stdlib']); print(p['platstdlib'])";

  Result<void, Failure> add_python(const std::string& interpreter) {
    WARD_TRY(const std::string folders, capture({interpreter, "-I", "-S", "-c", kPrintFolders}));
    std::istringstream in(folders);
    for (std::string folder; std::getline(in, folder);) {
      WARD_CHECK_OK(add_tree(folder));
    }
    out_.environment = {{"LANG", "C.UTF-8"}, {"PYTHONDONTWRITEBYTECODE", "1"}};
    return {};
  }

  const InferRequest& request_;
  Manifest out_;
  std::set<std::string> seen_;
};

}  // namespace

Result<Manifest, Failure> infer_manifest(const InferRequest& request) {
  return Inference(request).run();
}

Manifest pinned(const Manifest& manifest, const MeasuredRoot& root) {
  Manifest out = manifest;
  out.files.clear();
  out.links = root.links;
  out.trees.clear();
  for (const MeasuredFile& file : root.files) {
    FileEntry entry{
        .path = file.path, .source = file.path, .mode = file.mode, .sha256 = file.sha256};
    for (const FileEntry& named : manifest.files) {
      if (named.path == file.path) entry.source = named.source;
    }
    for (const TreeEntry& tree : manifest.trees) {
      if (file.path.starts_with(tree.path + "/")) {
        entry.source = tree.source + file.path.substr(tree.path.size());
      }
    }
    out.files.push_back(std::move(entry));
  }
  return out;
}

}  // namespace ward::keep
