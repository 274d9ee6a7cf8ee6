#include <cstdio>
#include <string_view>

#include "bench/hot_paths.h"

// hot_path_once is what callgrind collects: nothing before it and nothing behind it is counted.
// Its name is the argument of --toggle-collect in tools/callgrind.py.
extern "C" __attribute__((noinline, visibility("default"))) bool hot_path_once(
    const ward::bench::HotPath* path);

extern "C" bool hot_path_once(const ward::bench::HotPath* path) { return path->run(); }

// Without an argument lists the names; with a name runs that path twice (the first run fills the
// library's lazily made tables) and counts the second.
int main(int argc, char** argv) {
  for (const ward::bench::PathMaker& maker : ward::bench::hot_paths()) {
    if (argc < 2) {
      std::printf("%s\n", maker.name);
    } else if (maker.name == std::string_view(argv[1])) {
      const ward::bench::HotPath path = maker.make();
      return path.run() && hot_path_once(&path) ? 0 : 1;
    }
  }
  return argc < 2 ? 0 : 2;
}
