// ward-soft-evidence DIR FACE: what the development platform in DIR (`ward dev init`) gives for a
// keep of nothing, with that face, on standard output.
#include <cstdio>

#include "tee/soft/attester/device_dir.h"
#include "tee/soft/guest.h"

namespace {

int fail(const std::string& what) {
  (void)std::fprintf(stderr, "ward-soft-evidence: %s\n", what.c_str());
  return 1;
}

int run(const char* dir, const char* name) {
  using namespace ward;  // NOLINT(google-build-using-namespace): a program in its words
  const auto platform = soft::open_platform(dir);
  if (!platform) return fail(platform.error());
  const soft::Face* face = soft::find_face(name);
  if (face == nullptr) return fail("no such face");
  soft::Launch keep;
  keep.runtime = {1};
  keep.canonical = {0xa0};  // an empty map
  crypto::SystemRng rng;
  const auto guest = soft::launch(**platform, *face, std::move(keep), rng);
  if (!guest) return fail(guest.error().what());
  const std::array<std::uint8_t, 64> report_data = {1, 2, 3};
  const auto evidence = (*guest)->evidence(report_data);
  if (!evidence) return fail(evidence.error().what());
  const Buffer& octets = evidence->octets;
  return std::fwrite(octets.data(), 1, octets.size(), stdout) == octets.size() &&
                 std::fflush(stdout) == 0
             ? 0
             : fail("standard output");
}

}  // namespace

int main(int argc, char** argv) { return argc == 3 ? run(argv[1], argv[2]) : fail("DIR FACE"); }
