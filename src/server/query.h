#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/broker.h"

namespace ward::server {

// Lists are given in pages of at most so many lines.
inline constexpr std::size_t kMaxPage = 200;

// Page says which part of a list is asked for.
struct Page {
  std::string after;  // the `next` of the page before; empty: from the beginning
  std::size_t limit = kMaxPage;
};

// Query is what stands behind the question mark of a request's target, decoded
// (application/x-www-form-urlencoded: "%2F", and "+" for a blank).
class Query {
 public:
  // parse takes parameters of the names in `known` (a blank between), each once. The refusal (400)
  // names the parameter that is unknown, twice there, or wrongly encoded.
  [[nodiscard]] static broker::Answer<Query> parse(std::string_view target, std::string_view known);

  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;

  // number is a parameter in decimal, from `least` to `most`; nullopt where it is not there.
  [[nodiscard]] broker::Answer<std::optional<std::uint64_t>> number(std::string_view name,
                                                                    std::uint64_t least,
                                                                    std::uint64_t most) const;

  // page is `after` (at most 1024 octets) and `limit` (1 to 200).
  [[nodiscard]] broker::Answer<Page> page() const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

// wrong_parameter is the refusal of a value, by name: 400.
[[nodiscard]] broker::Refusal wrong_parameter(std::string_view name, std::string_view expected);

// form_decode undoes the encoding; nullopt where a '%' has no two hex digits behind it, or what
// comes out is not UTF-8.
[[nodiscard]] std::optional<std::string> form_decode(std::string_view text);

// path_of is a target without its query.
[[nodiscard]] std::string_view path_of(std::string_view target);

}  // namespace ward::server
