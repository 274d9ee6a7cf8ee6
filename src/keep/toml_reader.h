#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/diag.h"

namespace ward::keep {

// TomlTable reads one table of a document: each member is asked for by name, and done() refuses
// members that nobody asked for. The first mistake of the whole document is kept in `first`, which
// all tables of it share; after a mistake the values returned are empty and mean nothing.
class TomlTable {
 public:
  TomlTable(const toml::table& table, std::string path, std::optional<Diag>& first)
      : table_(table), path_(std::move(path)), first_(first) {}

  // text returns a required string without NUL of at most `max` octets.
  std::string text(std::string_view key, std::size_t max);

  // text_or returns `otherwise` where the member is absent.
  std::string text_or(std::string_view key, std::size_t max, std::string_view otherwise);

  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }

  // number returns a required integer of [min, max].
  std::uint64_t number(std::string_view key, std::uint64_t min, std::uint64_t max);

  // texts returns a required array of strings, not empty, of at most `max_items`.
  std::vector<std::string> texts(std::string_view key, std::size_t max_items, std::size_t max);

  // table returns a member table, or nullptr where it is absent; a mistake where `required`.
  const toml::table* table(std::string_view key, bool required);

  // tables returns the members of an array of tables; empty where absent.
  std::vector<const toml::table*> tables(std::string_view key, std::size_t max_items);

  // refuse records what was expected of the member `key`.
  void refuse(std::string_view key, std::string_view expected);

  // child names a table below this one, for Diag: "input[2]".
  [[nodiscard]] std::string child(std::string_view key, std::size_t index) const;

  void done();

 private:
  const toml::node* take(std::string_view key, bool required);

  const toml::table& table_;
  std::string path_;
  std::optional<Diag>& first_;
  std::vector<std::string> known_;
};

}  // namespace ward::keep
