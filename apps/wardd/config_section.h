#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/diag.h"
#include "base/result.h"

// Internal to the reading of the configuration; heavy.
namespace ward::wardd {

// diag_of says what was expected at a place of the file.
[[nodiscard]] Diag diag_of(const toml::source_region& at, std::string path,
                           std::string_view expected);

// Section reads one table strictly. It borrows the table. Every error names the place.
class Section {
 public:
  Section(const toml::table& table, std::string path) : table_(table), path_(std::move(path)) {}

  [[nodiscard]] Diag wrong(std::string_view key, std::string_view expected) const;

  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }

  // only refuses keys beside those that are known.
  [[nodiscard]] Result<void, Diag> only(std::initializer_list<std::string_view> known) const;

  [[nodiscard]] Result<std::string, Diag> text(std::string_view key) const;  // not empty
  [[nodiscard]] Result<bool, Diag> boolean(std::string_view key) const;

  // seconds is 1 to 3600; 300 where the key is not there.
  [[nodiscard]] Result<std::int64_t, Diag> seconds(std::string_view key) const;

  // number is 0 to `most`, or `otherwise` where the key is not there.
  [[nodiscard]] Result<std::int64_t, Diag> number(std::string_view key, std::int64_t most,
                                                  std::int64_t otherwise) const;

  // texts is a list; empty where the key is not there.
  [[nodiscard]] Result<std::vector<std::string>, Diag> texts(std::string_view key) const;

  // text_or_texts is the same, where one text need not stand in a list; none is empty.
  [[nodiscard]] Result<std::vector<std::string>, Diag> text_or_texts(std::string_view key) const;

  // sections lists the tables of [[key]].
  [[nodiscard]] Result<std::vector<Section>, Diag> sections(std::string_view key) const;

 private:
  const toml::table& table_;
  std::string path_;
};

}  // namespace ward::wardd
