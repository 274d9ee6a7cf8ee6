#include "keep/toml_reader.h"

#include <algorithm>

namespace ward::keep {
namespace {

std::string joined(const std::string& path, std::string_view key) {
  std::string out = path;
  if (!out.empty() && !key.empty()) out += '.';
  out += key;
  return out;
}

}  // namespace

void TomlTable::refuse(std::string_view key, std::string_view expected) {
  if (first_) return;
  const toml::node* node = table_.get(key);
  const toml::source_position at = (node != nullptr ? node->source() : table_.source()).begin;
  first_ = Diag{.line = at.line,
                .column = at.column,
                .path = joined(path_, key),
                .expected = std::string(expected)};
}

const toml::node* TomlTable::take(std::string_view key, bool required) {
  known_.emplace_back(key);
  const toml::node* node = table_.get(key);
  if (node == nullptr && required) refuse(key, "to be there");
  return node;
}

std::string TomlTable::text(std::string_view key, std::size_t max) {
  const toml::node* node = take(key, true);
  if (node == nullptr) return {};
  const auto value = node->value_exact<std::string>();
  if (!value || value->size() > max || value->find('\0') != std::string::npos) {
    refuse(key, "a string of at most " + std::to_string(max) + " octets, without NUL");
    return {};
  }
  return *value;
}

std::string TomlTable::text_or(std::string_view key, std::size_t max, std::string_view otherwise) {
  if (has(key)) return text(key, max);
  known_.emplace_back(key);
  return std::string(otherwise);
}

std::uint64_t TomlTable::number(std::string_view key, std::uint64_t min, std::uint64_t max) {
  const toml::node* node = take(key, true);
  if (node == nullptr) return 0;
  const auto value = node->value_exact<std::int64_t>();
  if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < min ||
      static_cast<std::uint64_t>(*value) > max) {
    refuse(key, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return 0;
  }
  return static_cast<std::uint64_t>(*value);
}

std::vector<std::string> TomlTable::texts(std::string_view key, std::size_t max_items,
                                          std::size_t max) {
  const toml::node* node = take(key, true);
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  std::vector<std::string> out;
  bool ok = array != nullptr && !array->empty() && array->size() <= max_items;
  for (std::size_t i = 0; ok && i < array->size(); ++i) {
    const auto value = (*array)[i].value_exact<std::string>();
    ok = value && value->size() <= max && value->find('\0') == std::string::npos;
    if (ok) out.push_back(*value);
  }
  if (!ok) refuse(key, "an array of 1 to " + std::to_string(max_items) + " strings");
  return out;
}

const toml::table* TomlTable::table(std::string_view key, bool required) {
  const toml::node* node = take(key, required);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) refuse(key, "a table");
  return node->as_table();
}

std::vector<const toml::table*> TomlTable::tables(std::string_view key, std::size_t max_items) {
  const toml::node* node = take(key, false);
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  std::vector<const toml::table*> out;
  bool ok = array != nullptr && array->size() <= max_items;
  for (std::size_t i = 0; ok && i < array->size(); ++i) {
    out.push_back((*array)[i].as_table());
    ok = out.back() != nullptr;
  }
  if (ok) return out;
  refuse(key, "at most " + std::to_string(max_items) + " tables");
  return {};
}

std::string TomlTable::child(std::string_view key, std::size_t index) const {
  return joined(path_, key) + "[" + std::to_string(index) + "]";
}

void TomlTable::done() {
  for (const auto& [key, value] : table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) == known_.end()) {
      refuse(key.str(), "a member that this table has");
    }
  }
}

}  // namespace ward::keep
