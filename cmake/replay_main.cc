#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/fuzz.h"

// Runs a fuzz target over every file of the folders named on the command line.
int main(int argc, char** argv) {
  int count = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::ostringstream raw;
      raw << in.rdbuf();
      const std::string text = raw.str();
      const std::vector<std::uint8_t> data(text.begin(), text.end());
      static_cast<void>(LLVMFuzzerTestOneInput(data.data(), data.size()));
      ++count;
    }
  }
  std::printf("%d inputs replayed\n", count);
  return count > 0 ? 0 : 1;
}
