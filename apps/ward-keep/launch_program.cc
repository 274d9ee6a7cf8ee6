// A launcher on its own, for the test that looks into its memory: starts the keep of a manifest
// with descriptors that its parent made, serves a device that echoes the report data, and stays
// until its stdin ends. usage: launch_program MANIFEST ROOT AGENT RELAY_FD OUTPUT_FD
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "keep/fd.h"
#include "keep/launcher.h"

namespace {

using namespace ward;  // NOLINT(google-build-using-namespace): a program in its words

class EchoDevice final : public keep::Device {
 public:
  Answer<std::string> tee() override { return std::string("sgx"); }

  Answer<keep::Evidence> evidence(keep::ReportData report_data) override {
    return keep::Evidence{.tee = "sgx", .primary = R"({"quote":")" + to_hex(report_data) + R"("})"};
  }
};

int number_of(std::string_view text) {
  int out = -1;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 64;
  std::ifstream file(argv[1]);
  std::ostringstream text;
  text << file.rdbuf();
  const auto manifest = keep::parse_manifest(as_bytes(text.str()));
  if (!manifest) return 2;
  const keep::UniqueFd root(::open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC));
  keep::LaunchRequest request{.manifest = &*manifest, .root_fd = root.get()};
  request.agent = argv[3];
  request.relay_fd = number_of(argv[4]);
  request.output_fd = number_of(argv[5]);
  auto started = keep::launch(request);
  if (!started) return 3;
  ::close(request.relay_fd);
  ::close(request.output_fd);
  EchoDevice device;
  (void)(*started)->attend(device, {});
  const auto status = (*started)->wait();
  char octet = 0;
  (void)!::read(0, &octet, 1);  // the parent looks around meanwhile
  return status && *status == 0 ? 0 : 1;
}
