#include "keep/infer.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "keep/capture.h"
#include "keep/fd.h"

namespace ward::keep {
namespace {

class InferTest : public testing::Test {
 protected:
  void SetUp() override {
    // Not below /tmp: a keep makes that folder itself.
    // Not /tmp, which a keep makes itself, and not the checkout, which may lie there.
    std::string pattern = "/var/tmp/ward-infer-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text, mode_t mode) const {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  static Result<Manifest, Failure> infer(const std::vector<std::string>& argv,
                                         const std::vector<std::string>& trees = {}) {
    return infer_manifest({.name = "t",
                           .argv = argv,
                           .search_path = "/usr/bin:/bin",
                           .trees = trees,
                           .more_files = {}});
  }

  static const FileEntry* find(const Manifest& manifest, const std::string& path) {
    const auto at = std::find_if(manifest.files.begin(), manifest.files.end(),
                                 [&](const FileEntry& file) { return file.path == path; });
    return at == manifest.files.end() ? nullptr : &*at;
  }

  std::filesystem::path folder_;
};

TEST_F(InferTest, program_brings_its_libraries_and_the_dynamic_linker) {
  auto manifest = infer({"sleep", "1"});
  ASSERT_TRUE(manifest) << manifest.error().what;
  const std::string program = std::filesystem::canonical("/usr/bin/sleep");
  EXPECT_EQ(manifest->argv, (std::vector<std::string>{program, "1"}));
  ASSERT_NE(find(*manifest, program), nullptr);
  EXPECT_EQ(find(*manifest, program)->mode, FileMode::kProgram);
  ASSERT_NE(find(*manifest, "/lib64/ld-linux-x86-64.so.2"), nullptr);
  EXPECT_EQ(find(*manifest, "/lib64/ld-linux-x86-64.so.2")->mode, FileMode::kProgram);
  const auto libc =
      std::find_if(manifest->files.begin(), manifest->files.end(),
                   [](const FileEntry& file) { return file.path.ends_with("/libc.so.6"); });
  ASSERT_NE(libc, manifest->files.end());
  EXPECT_EQ(libc->mode, FileMode::kData);
}

TEST_F(InferTest, script_brings_its_interpreter_and_comes_as_its_argument) {
  const std::string script = write("s.sh", "#!/bin/sh\nexit 0\n", 0755);
  auto manifest = infer({script, "x"});
  ASSERT_TRUE(manifest) << manifest.error().what;
  const std::string shell = std::filesystem::canonical("/bin/sh");
  EXPECT_EQ(manifest->argv, (std::vector<std::string>{shell, script, "x"}));
  ASSERT_NE(find(*manifest, script), nullptr);
  EXPECT_EQ(find(*manifest, script)->mode, FileMode::kScript);
}

TEST_F(InferTest, a_tree_brings_the_files_that_its_links_lead_to) {
  const std::string outside = write("outside.txt", "x", 0644);
  const std::string inside = write("tree/a.txt", "y", 0644);
  std::filesystem::create_symlink("../outside.txt", folder_ / "tree/link");
  auto manifest = infer({"sleep", "1"}, {folder_ / "tree"});
  ASSERT_TRUE(manifest) << manifest.error().what;
  EXPECT_NE(find(*manifest, outside), nullptr);
  EXPECT_EQ(find(*manifest, inside), nullptr);  // the tree has it
  ASSERT_EQ(manifest->trees.size(), 1U);
}

TEST_F(InferTest, arguments_that_name_files_are_taken) {
  const std::string data = write("d.txt", "x", 0600);
  auto manifest = infer({"cat", data, "nowhere.txt"});
  ASSERT_TRUE(manifest);
  EXPECT_NE(find(*manifest, data), nullptr);
  EXPECT_EQ(manifest->argv[2], "nowhere.txt");
}

TEST_F(InferTest, a_file_below_a_folder_that_the_keep_makes_is_refused) {
  auto manifest = infer({"cat", "/proc/self/status"});
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().code, Errc::kDenied);
}

TEST_F(InferTest, a_command_that_is_not_there_is_named) {
  auto manifest = infer({"no-such-command-of-ours"});
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().code, Errc::kUnavailable);
  EXPECT_EQ(manifest.error().what, "no-such-command-of-ours: not found in PATH");
}

// static_program is the least that is one: an ELF header and one part, which is no dynamic linker.
std::string static_program() {
  Elf64_Ehdr head{};
  std::copy_n(ELFMAG, SELFMAG, head.e_ident);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_phoff = sizeof head;
  head.e_phentsize = sizeof(Elf64_Phdr);
  head.e_phnum = 1;
  Elf64_Phdr part{};
  part.p_type = PT_LOAD;
  std::string out(sizeof head + sizeof part, '\0');
  std::memcpy(out.data(), &head, sizeof head);
  std::memcpy(out.data() + sizeof head, &part, sizeof part);
  return out;
}

TEST_F(InferTest, an_agent_is_a_static_program) {
  const std::string good = static_program();
  auto manifest = infer({"sleep", "1"}, {});
  ASSERT_TRUE(manifest);
  const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  LaunchRequest request{.manifest = &*manifest, .root_fd = root.get()};
  request.agent = folder_ / "agent";
  std::string dynamic = good;
  dynamic[sizeof(Elf64_Ehdr)] = PT_INTERP;
  for (const std::string& octets :
       {std::string(), std::string("#!/bin/sh\n"), good.substr(0, good.size() - 1), dynamic}) {
    write("agent", octets, 0755);
    const auto refused = measure(request);
    ASSERT_FALSE(refused) << octets.size();
    EXPECT_EQ(refused.error().what, "agent " + request.agent + ": is not a static ward-keep");
  }
  write("agent", good, 0755);
  EXPECT_TRUE(measure(request));
}

TEST_F(InferTest, what_is_inferred_parses_and_pins_to_the_same_keep) {
  write("tree/a.txt", "y", 0644);
  auto manifest = infer({"sleep", "1"}, {folder_ / "tree"});
  ASSERT_TRUE(manifest);
  auto parsed = parse_manifest(as_bytes(to_toml(*manifest)));
  ASSERT_TRUE(parsed) << to_text(parsed.error());
  EXPECT_EQ(*parsed, *manifest);
  const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  LaunchRequest request{.manifest = &*manifest, .root_fd = root.get()};
  write("agent", static_program(), 0755);  // measured only, never started here
  request.agent = folder_ / "agent";
  auto measured = measure(request);
  ASSERT_TRUE(measured) << measured.error().what;
  auto canonical = parse_canonical(measured->canonical);
  ASSERT_TRUE(canonical);
  const Manifest pins = pinned(*manifest, canonical->root);
  EXPECT_TRUE(pins.trees.empty());
  EXPECT_TRUE(std::all_of(pins.files.begin(), pins.files.end(),
                          [](const FileEntry& file) { return file.sha256.has_value(); }));
  request.manifest = &pins;
  auto again = measure(request);
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(again->workload, measured->workload);
}

TEST(Infer, the_devices_client_needs_no_file) {
  const auto manifest =
      infer_manifest({.name = "device", .argv = {"/ward/keep", "device", "info"}});
  ASSERT_TRUE(manifest) << manifest.error().what;
  EXPECT_TRUE(manifest->files.empty());
  EXPECT_EQ(*parse_manifest(as_bytes(to_toml(*manifest))), *manifest);
}

TEST(Capture, returns_what_a_program_writes) {
  auto text = capture({"/bin/echo", "a"});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "a\n");
}

TEST(Capture, a_failing_program_is_unavailable) {
  auto text = capture({"/bin/false"});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Errc::kUnavailable);
  EXPECT_FALSE(capture({"/no/such/program"}));
}

TEST(Capture, endless_output_is_bounded) {
  auto text = capture({"/usr/bin/head", "-c", "1048577", "/dev/zero"});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Errc::kLimit);
}

}  // namespace
}  // namespace ward::keep
