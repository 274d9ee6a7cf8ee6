#include "apps/wardd/config_section.h"

#include <algorithm>
#include <utility>

namespace ward::wardd {
namespace {

constexpr std::int64_t kMaxLife_s = 3600;
constexpr std::size_t kMaxEntries = 256;

}  // namespace

Diag diag_of(const toml::source_region& at, std::string path, std::string_view expected) {
  return {.line = at.begin.line,
          .column = at.begin.column,
          .path = std::move(path),
          .expected = std::string(expected)};
}

Diag Section::wrong(std::string_view key, std::string_view expected) const {
  const toml::node* node = table_.get(key);
  return diag_of(node != nullptr ? node->source() : table_.source(), path_ + std::string(key),
                 expected);
}

Result<void, Diag> Section::only(std::initializer_list<std::string_view> known) const {
  for (const auto& [key, node] : table_) {
    if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
      return diag_of(node.source(), path_ + std::string(key.str()), "no key of this name");
    }
  }
  return {};
}

Result<std::string, Diag> Section::text(std::string_view key) const {
  const toml::node* node = table_.get(key);
  const auto* value = node != nullptr ? node->as_string() : nullptr;
  if (value == nullptr || value->get().empty()) return wrong(key, "a text");
  return value->get();
}

Result<bool, Diag> Section::boolean(std::string_view key) const {
  const toml::node* node = table_.get(key);
  const auto* value = node != nullptr ? node->as_boolean() : nullptr;
  if (value == nullptr) return wrong(key, "true or false");
  return value->get();
}

Result<std::int64_t, Diag> Section::seconds(std::string_view key) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return std::int64_t{300};
  const auto* value = node->as_integer();
  if (value == nullptr || value->get() < 1 || value->get() > kMaxLife_s) {
    return wrong(key, "a number of seconds from 1 to 3600");
  }
  return value->get();
}

Result<std::int64_t, Diag> Section::number(std::string_view key, std::int64_t most,
                                           std::int64_t otherwise) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return otherwise;
  const auto* value = node->as_integer();
  if (value == nullptr || value->get() < 0 || value->get() > most) {
    return wrong(key, "a number from 0 to " + std::to_string(most));
  }
  return value->get();
}

Result<std::vector<std::string>, Diag> Section::texts(std::string_view key) const {
  std::vector<std::string> out;
  const toml::node* node = table_.get(key);
  if (node == nullptr) return out;
  const auto* list = node->as_array();
  if (list == nullptr || list->size() > kMaxEntries) return wrong(key, "a list of texts");
  for (const toml::node& item : *list) {
    const auto* value = item.as_string();
    if (value == nullptr) return wrong(key, "a list of texts");
    out.push_back(value->get());
  }
  return out;
}

Result<std::vector<std::string>, Diag> Section::text_or_texts(std::string_view key) const {
  const toml::node* node = table_.get(key);
  std::vector<std::string> out;
  if (node != nullptr && node->is_string()) {
    out.push_back(node->as_string()->get());
  } else {
    WARD_TRY(out, texts(key));
  }
  if ((node != nullptr && out.empty()) || std::ranges::count(out, "") > 0) {
    return wrong(key, "a text, or a list of texts");
  }
  return out;
}

Result<std::vector<Section>, Diag> Section::sections(std::string_view key) const {
  std::vector<Section> out;
  const toml::node* node = table_.get(key);
  if (node == nullptr) return out;
  const auto* list = node->as_array();
  if (list == nullptr || list->size() > kMaxEntries) return wrong(key, "[[tables]]");
  for (const toml::node& item : *list) {
    const auto* table = item.as_table();
    if (table == nullptr) return wrong(key, "[[tables]]");
    out.emplace_back(*table, path_ + std::string(key) + "[" + std::to_string(out.size()) + "].");
  }
  return out;
}

}  // namespace ward::wardd
