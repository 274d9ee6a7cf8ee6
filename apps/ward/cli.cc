#include "apps/ward/cli.h"

#include <cstdio>
#include <optional>
#include <string>

#include "codec/json_write.h"

namespace ward::cli {
namespace {

// Said is what this run has said so far. Like stdout and stderr themselves, a process has one.
struct Said {
  bool on_stdout = false;
  bool failed = false;
  std::string what;  // of the first failure
  std::string hint;
};

Said& said() {
  static Said one;
  return one;
}

}  // namespace

int fail(int code, std::string_view what, std::string_view hint) {
  std::string line = "ward: error: ";
  line += for_terminal(what);
  line += '\n';
  if (!hint.empty()) {
    line += "ward: hint: ";
    line += for_terminal(hint);
    line += '\n';
  }
  (void)std::fwrite(line.data(), 1, line.size(), stderr);
  if (!said().failed) {
    said().failed = true;
    said().what = what;
    said().hint = hint;
  }
  return code;
}

int print(std::string_view text) {
  if (!text.empty()) said().on_stdout = true;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    return fail(kCouldNotTell, "standard output cannot be written");
  }
  return kAccepted;
}

int finish(int code, bool json) {
  if (!json || code == kAccepted || said().on_stdout) return code;
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.error/1");
  w.member("exit", static_cast<std::uint64_t>(code));
  w.member("error", said().what);
  w.member("hint", said().hint.empty() ? std::nullopt : std::optional<std::string>(said().hint));
  const auto text = w.end_object().take();
  // An error that quotes an argument which is not UTF-8 has no place in JSON: stderr has it.
  (void)print(text ? *text + '\n'
                   : "{\"schema\":\"ward.error/1\",\"exit\":" + std::to_string(code) +
                         ",\"error\":\"see standard error\",\"hint\":null}\n");
  return code;
}

std::string error_text(const Error& error) {
  std::string text = error.what();
  if (error.value()) text += " (" + std::to_string(*error.value()) + ")";
  return text;
}

int own_file_failure(const std::string& path, const Error& error, std::string_view hint) {
  // A private key that others may read.
  if (error.code() == Errc::kUntrusted) {
    return fail(kRefused, path + ": " + error_text(error), "`chmod 600 " + path + "`");
  }
  const bool absent = error.code() == Errc::kUnavailable || error.code() == Errc::kInternal;
  return fail(absent ? kCouldNotTell : kUsage, path + ": " + error_text(error), hint);
}

int not_a_time(std::string_view option, std::string_view value) {
  return fail(kUsage, std::string(option) + ": not a time: " + std::string(value),
              "RFC 3339 in UTC, like 2024-05-18T18:22:51Z");
}

Result<Buffer, Usage> hex_value(std::string_view option, std::string_view text, std::size_t octets,
                                std::string_view whose) {
  auto value = from_hex(text);
  if (!value || value->empty()) {
    return Usage{std::string(option) + ": not hexadecimal: " + std::string(text),
                 "two digits per octet, no prefix, no blanks"};
  }
  if (auto wrong = attest::wrong_size(option, value->size(), octets, whose)) return *wrong;
  return *std::move(value);
}

}  // namespace ward::cli
