#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "explain/visible.h"

// Markup in which no text can become markup.
namespace ward::explain {

// Html writes elements. Names are the program's own constants; text and the values of attributes
// are made visible() and escaped.
class Html {
 public:
  struct Attribute {
    const char* name;
    std::string_view value;
  };

  using Attributes = std::initializer_list<Attribute>;

  Html& open(const char* name, Attributes attributes = {});
  Html& close();  // the element that was opened last
  Html& text(std::string_view text);

  // element is an element that holds this text alone.
  Html& element(const char* name, std::string_view content, Attributes attributes = {});

  // empty is an element that has no end tag: br, meta.
  Html& empty(const char* name, Attributes attributes = {});

  // own adds markup that this program holds as a constant.
  template <std::size_t N>
  Html& own(const char (&markup)[N]) {
    return raw(std::string_view(markup, N - 1));
  }

  // raw adds what is markup already; never what came from outside.
  Html& raw(std::string_view markup);

  // take hands the markup over; all elements must be closed.
  [[nodiscard]] std::string take();

 private:
  void start(const char* name, Attributes attributes);

  std::string out_;
  std::vector<const char*> open_;
};

}  // namespace ward::explain
