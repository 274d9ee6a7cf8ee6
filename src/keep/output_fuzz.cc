#include <map>

#include <sys/mman.h>
#include <unistd.h>

#include "base/fuzz.h"
#include "keep/fd.h"
#include "keep/output_channel.h"

namespace {

using namespace ward::keep;

constexpr std::uint64_t kMaxOctets = 256;

void require(bool ok) {
  if (!ok) __builtin_trap();
}

// Collector keeps what arrives; the stream's rules are what it relies on.
class Collector final : public OutputSink {
 public:
  ward::Result<void> begin(const std::string& name) override {
    require(!open_ && outputs.emplace(name, ward::Buffer()).second);
    open_ = true;
    name_ = name;
    return {};
  }

  ward::Result<void> data(ward::Bytes octets) override {
    require(open_);
    ward::Buffer& to = outputs[name_];
    to.insert(to.end(), octets.begin(), octets.end());
    total += octets.size();
    return {};
  }

  ward::Result<void> end() override {
    require(open_);
    open_ = false;
    return {};
  }

  std::map<std::string, ward::Buffer> outputs;
  std::uint64_t total = 0;

 private:
  bool open_ = false;
  std::string name_;
};

UniqueFd memory_file() {
  UniqueFd fd(memfd_create("outputs", MFD_CLOEXEC));
  require(fd.get() >= 0);
  return fd;
}

ward::Result<RunReport> read_from(const UniqueFd& fd, Collector& sink) {
  static const Manifest manifest = [] {
    Manifest made;
    made.outputs = {{.name = "a", .receiver = {}}, {.name = "b", .receiver = {}}};
    return made;
  }();
  require(lseek(fd.get(), 0, SEEK_SET) == 0);
  return read_outputs(fd.get(), manifest, kMaxOctets, sink);
}

}  // namespace

// The outputs of a stream that is read to its report are the manifest's, each once, within the
// bound, and all of them where it is done; written again they are read as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const UniqueFd in = memory_file();
  require(write(in.get(), data, size) == static_cast<ssize_t>(size));
  Collector got;
  const auto report = read_from(in, got);
  require(got.total <= kMaxOctets && got.outputs.size() <= 2);
  if (!report) return 0;
  require(report->ending != Ending::kDone || got.outputs.size() == 2);

  const UniqueFd out = memory_file();
  OutputWriter writer(out.get());
  for (const auto& [name, octets] : got.outputs) {
    require(writer.begin(name) && writer.data(octets) && writer.end());
  }
  require(writer.report(*report).has_value());
  Collector again;
  const auto second = read_from(out, again);
  require(second && *second == *report && again.outputs == got.outputs);
  return 0;
}
