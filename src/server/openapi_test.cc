#include "server/openapi.h"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "server/route_table.h"

namespace ward::server {
namespace {

using codec::JsonValue;

class OpenApi : public testing::Test {
 protected:
  OpenApi() : document_(*codec::parse_json(as_bytes(openapi()))) {}

  // resolve follows a reference into the document.
  [[nodiscard]] const JsonValue* resolve(const JsonValue& value) const {
    const JsonValue* reference = value.find("$ref");
    if (reference == nullptr) return &value;
    std::string_view path = *reference->as_string();
    EXPECT_TRUE(path.starts_with("#/")) << path;
    path.remove_prefix(2);
    const JsonValue* at = &document_;
    while (at != nullptr && !path.empty()) {
      at = at->find(next_word(path, "/"));
    }
    EXPECT_NE(at, nullptr) << *reference->as_string();
    return at;
  }

  // names_in are the parameters of one kind that an operation has.
  [[nodiscard]] std::set<std::string> names_in(const JsonValue& owner,
                                               std::string_view kind) const {
    std::set<std::string> out;
    const JsonValue* parameters = owner.find("parameters");
    if (parameters == nullptr) return out;
    for (const JsonValue& given : parameters->items()) {
      const JsonValue* parameter = resolve(given);
      if (parameter != nullptr && parameter->find("in")->as_string() == kind) {
        out.emplace(*parameter->find("name")->as_string());
      }
    }
    return out;
  }

  void check_references(const JsonValue& value) const {
    if (value.is_object()) {
      (void)resolve(value);
      for (const auto& [name, member] : value.members()) {
        check_references(member);
      }
    } else if (value.is_array()) {
      for (const JsonValue& item : value.items()) {
        check_references(item);
      }
    }
  }

  JsonValue document_;
};

std::set<std::string> words(std::string_view list, std::string_view separator) {
  std::set<std::string> out;
  while (!list.empty()) {
    out.emplace(next_word(list, separator));
  }
  return out;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return text;
}

// described_as is a route's path as OpenAPI can say it: {id...} is {id}.
std::string described_as(std::string_view path) {
  std::string out(path);
  const auto points = out.find("...");
  if (points != std::string::npos) out.erase(points, 3);
  return out;
}

TEST_F(OpenApi, describes_every_route_and_nothing_else) {
  const JsonValue& paths = *document_.find("paths");
  std::set<std::string> described;
  for (const auto& [path, item] : paths.members()) {
    described.insert(path);
  }
  std::set<std::string> routes;
  for (const OwnRoute& route : kOwnRoutes) {
    routes.insert(described_as(route.path));
  }
  EXPECT_EQ(described, routes);
}

TEST_F(OpenApi, names_the_methods_and_parameters_that_a_route_takes) {
  for (const OwnRoute& route : kOwnRoutes) {
    const JsonValue* item = document_.find("paths")->find(described_as(route.path));
    ASSERT_NE(item, nullptr) << route.path;
    std::set<std::string> methods;
    std::set<std::string> query;
    std::set<std::string> keyed;
    for (const auto& [name, operation] : item->members()) {
      if (name == "parameters") continue;
      methods.insert(upper(name));
      query.merge(names_in(operation, "query"));
      if (names_in(operation, "header").contains("Idempotency-Key")) keyed.insert(upper(name));
    }
    EXPECT_EQ(methods, words(route.methods, ", ")) << route.path;
    EXPECT_EQ(query, words(route.query, " ")) << route.path;
    EXPECT_EQ(keyed, words(route.keyed, ", ")) << route.path;
    std::set<std::string> braces;
    const std::string path = described_as(route.path);
    std::string_view rest = path;
    while (!rest.empty()) {
      const std::string_view segment = next_word(rest, "/");
      if (segment.starts_with('{')) braces.emplace(segment.substr(1, segment.size() - 2));
    }
    EXPECT_EQ(names_in(*item, "path"), braces) << route.path;
  }
}

TEST_F(OpenApi, names_each_operation_and_refers_to_what_is_there) {
  check_references(document_);
  std::set<std::string> ids;
  for (const auto& [path, item] : document_.find("paths")->members()) {
    for (const auto& [name, operation] : item.members()) {
      if (name == "parameters") continue;
      const JsonValue* id = operation.find("operationId");
      ASSERT_NE(id, nullptr) << path;
      EXPECT_TRUE(ids.emplace(*id->as_string()).second) << *id->as_string();
      EXPECT_NE(operation.find("responses"), nullptr) << path;
    }
  }
  EXPECT_EQ(document_.find("openapi")->as_string(), "3.1.0");
}

}  // namespace
}  // namespace ward::server
