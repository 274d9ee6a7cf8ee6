#include "apps/ward/cli.h"

#include <cstdio>
#include <string>

namespace ward::cli {

int fail(int code, std::string_view what, std::string_view hint) {
  std::string line = "ward: error: ";
  line += what;
  line += '\n';
  if (!hint.empty()) {
    line += "ward: hint: ";
    line += hint;
    line += '\n';
  }
  std::fwrite(line.data(), 1, line.size(), stderr);
  return code;
}

std::string error_text(const Error& error) {
  std::string text = error.what();
  if (error.value()) text += " (" + std::to_string(*error.value()) + ")";
  return text;
}

}  // namespace ward::cli
