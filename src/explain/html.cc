#include "explain/html.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace ward::explain {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Elements that stand in a line of text: no line end is written before them.
bool in_line(std::string_view name) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"a", "bdi", "code", "span", "strong", "svg", "time", "use", "wbr", "em"});
  return std::ranges::find(kNames, name) != kNames.end();
}

}  // namespace

void Html::start(const char* name, Attributes attributes) {
  if (!in_line(name)) out_ += '\n';
  out_ += '<';
  out_ += name;
  for (const Attribute& attribute : attributes) {
    out_ += ' ';
    out_ += attribute.name;
    out_ += "=\"" + escaped(attribute.value) + '"';
  }
  out_ += '>';
}

Html& Html::open(const char* name, Attributes attributes) {
  start(name, attributes);
  open_.push_back(name);
  return *this;
}

Html& Html::close() {
  out_ += "</";
  out_ += open_.back();
  out_ += '>';
  open_.pop_back();
  return *this;
}

Html& Html::text(std::string_view text) {
  out_ += escaped(text);
  return *this;
}

Html& Html::element(const char* name, std::string_view content, Attributes attributes) {
  return open(name, attributes).text(content).close();
}

Html& Html::empty(const char* name, Attributes attributes) {
  start(name, attributes);
  return *this;
}

Html& Html::raw(std::string_view markup) {
  out_ += markup;
  return *this;
}

std::string Html::take() { return open_.empty() ? std::move(out_) : std::string(); }

}  // namespace ward::explain
