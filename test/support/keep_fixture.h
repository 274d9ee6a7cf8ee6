#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keep/fd.h"
#include "keep/launcher.h"

// For tests of keeps; WARD_KEEP_PROBE is the path of the probe program.
namespace ward::keep {

// A folder that stands for the host, with the probe and a data file, and a keep over it.
class KeepFixture : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ward-launcher-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    ASSERT_EQ(::chmod(name, 0755), 0);
    write("a.txt", "measured");
    write("sitecustomize.py", "not measured");
    root_.reset(::open(name, O_PATH | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(::pipe2(out_, O_CLOEXEC), 0);
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    relay_.reset(pair[0]);
    relay_inside_.reset(pair[1]);
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    output_.reset(pair[0]);
    output_inside_.reset(pair[1]);
    manifest_.name = "probe";
    manifest_.argv = {"/app/probe"};
    manifest_.files = {{.path = "/app/probe", .source = "probe", .mode = FileMode::kProgram},
                       {.path = "/data/a", .source = "a.txt"}};
    std::filesystem::copy(WARD_KEEP_PROBE, folder_ / "probe");
    manifest_.limits = {.seconds = 20,
                        .memory_bytes = std::uint64_t{256} << 20U,
                        .processes = 32,
                        .disk_bytes = std::uint64_t{16} << 20U,
                        .open_files = 256};
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }

  LaunchRequest request() const {
    return {.manifest = &manifest_,
            .root_fd = root_.get(),
            .relay_fd = relay_inside_.get(),
            .output_fd = output_inside_.get(),
            .stdout_fd = out_[1],
            .stderr_fd = out_[1],
            .reader = std::nullopt,
            .agent = agent_};
  }

  std::unique_ptr<Keep> start(const std::string& command) {
    auto keep = launch(request());
    if (!keep) {
      ADD_FAILURE() << keep.error().what;
      return nullptr;
    }
    EXPECT_EQ(::write(relay_.get(), command.data(), command.size()),
              static_cast<ssize_t>(command.size()));
    return *std::move(keep);
  }

  // told reads what the probe says until the keep is gone.
  std::map<std::string, std::string> told() {
    ::close(out_[1]);
    out_[1] = -1;
    std::string text;
    char block[4096];
    for (ssize_t n = 0; (n = ::read(out_[0], block, sizeof block)) > 0;) {
      text.append(block, static_cast<std::size_t>(n));
    }
    std::map<std::string, std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      const std::size_t at = line.find('=');
      if (at != std::string::npos) out[line.substr(0, at)] = line.substr(at + 1);
    }
    return out;
  }

  std::filesystem::path folder_;
  UniqueFd root_;
  UniqueFd relay_;
  UniqueFd relay_inside_;
  UniqueFd output_;
  UniqueFd output_inside_;
  std::string agent_ = WARD_KEEP_PROBE;
  int out_[2] = {-1, -1};
  Manifest manifest_;
};

}  // namespace ward::keep
