#include "keep/swap.h"

#include <fstream>
#include <sstream>
#include <string_view>

namespace ward::keep {
namespace {

std::string first_line(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// is_encrypted goes by cryptsetup's kind of mapping. Others that it makes (CRYPT-INTEGRITY-,
// CRYPT-VERITY-) protect from changes, or are not known to encrypt.
bool is_encrypted(std::string_view mapping) {
  return mapping.starts_with("CRYPT-PLAIN-") || mapping.starts_with("CRYPT-LUKS1-") ||
         mapping.starts_with("CRYPT-LUKS2-");
}

bool is_plain(const std::filesystem::path& area, const std::filesystem::path& sys_block) {
  std::error_code ignored;
  std::filesystem::path device = std::filesystem::canonical(area, ignored);
  if (ignored) device = area;
  const std::filesystem::path block = sys_block / device.filename();
  const std::string name = device.filename().string();
  if (device.parent_path() != "/dev") return true;
  if (name.starts_with("zram")) return first_line(block / "backing_dev") != "none";
  if (name.starts_with("dm-")) return !is_encrypted(first_line(block / "dm" / "uuid"));
  return true;
}

}  // namespace

std::vector<std::string> plain_swap(const std::filesystem::path& proc_swaps,
                                    const std::filesystem::path& sys_block) {
  std::ifstream in(proc_swaps);
  std::string line;
  if (!std::getline(in, line)) return {"unknown"};  // the heading is always there
  std::vector<std::string> out;
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    std::string area;
    if (fields >> area && is_plain(area, sys_block)) out.push_back(area);
  }
  return out;
}

}  // namespace ward::keep
