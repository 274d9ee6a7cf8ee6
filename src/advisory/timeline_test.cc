#include "advisory/timeline.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <gtest/gtest.h>

namespace ward::advisory {
namespace {

// Text is one label of the image, as it is drawn.
struct Text {
  double x = 0;
  double y = 0;
  bool end = false;  // x is its end
  std::string words;

  // No usual font of 11 pixels needs more for a letter, on average over a name.
  [[nodiscard]] double width() const { return 6.4 * static_cast<double>(words.size()); }

  [[nodiscard]] double left() const { return end ? x - width() : x; }
};

std::vector<Text> texts_of(const std::string& svg) {
  std::vector<Text> out;
  const auto number = [&](std::size_t at) {
    double value = 0;
    std::from_chars(svg.data() + at, svg.data() + svg.size(), value);
    return value;
  };
  for (std::size_t at = svg.find("<text x="); at != std::string::npos;
       at = svg.find("<text x=", at + 1)) {
    const std::size_t close = svg.find('>', at);
    const std::string head = svg.substr(at, close - at);
    out.push_back({.x = number(at + 9),
                   .y = number(svg.find("y=\"", at) + 3),
                   .end = head.find("l e") != std::string::npos,
                   .words = svg.substr(close + 1, svg.find('<', close) - close - 1)});
  }
  return out;
}

void expect_no_overlap(const std::string& svg) {
  const std::vector<Text> texts = texts_of(svg);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_GE(texts[i].left(), 0) << texts[i].words;
    for (std::size_t j = i + 1; j < texts.size(); ++j) {
      const Text& a = texts[i];
      const Text& b = texts[j];
      const bool apart = std::abs(a.y - b.y) > 11 || a.left() + a.width() <= b.left() ||
                         b.left() + b.width() <= a.left();
      EXPECT_TRUE(apart) << a.words << " and " << b.words;
    }
  }
}

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t out = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++out;
  return out;
}

TEST(Timeline, NoLabelsOverlapWithEveryFilter) {
  expect_no_overlap(timeline_svg(select(Filter{}), "all", ""));
  for (const TeeTitle& title : tee_titles()) {
    for (const char* since : {"2015-01-01", "2024-06-01", "2026-01-01", "2026-09-01"}) {
      SCOPED_TRACE(title.name + " " + since);
      const Filter filter{.tee = title.name, .since = parse_date(since)};
      expect_no_overlap(timeline_svg(select(filter), "some", title.name));
    }
  }
}

TEST(Timeline, EveryDatedAttackHasAMarkWithATooltip) {
  const std::string svg = timeline_svg(select(Filter{}), "all", "");
  for (const Attack& attack : attacks()) {
    if (attack.date.known()) {
      const bool there =
          svg.find("<title>" + attack.name.substr(0, attack.name.find('&'))) != std::string::npos;
      EXPECT_TRUE(there) << attack.id;
    }
  }
  EXPECT_NE(svg.find("Date unknown: Old microcode warning"), std::string::npos);
}

TEST(Timeline, WhatItHoldsCannotBreakOut) {
  Attack attack{.id = "x", .name = "<script>&\"x\x01", .attack_class = "c"};
  attack.tees = {{"snp", true}};
  attack.date = {2025, 1, 1};
  Exposure exposure{
      .attack = &attack, .state = State::kOpen, .why = "</title><script>", .policy = {}};
  const std::string svg =
      timeline_svg({.entries = {{&attack, exposure}}, .undated = {}}, "<b>", "snp");
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find("<b>"), std::string::npos);
  EXPECT_EQ(svg.find('\x01'), std::string::npos);
  EXPECT_NE(svg.find("&lt;script&gt;&amp;&quot;x"), std::string::npos);
}

TEST(Timeline, ItIsOneImageForEveryReader) {
  const std::string svg = timeline_svg(select(Filter{}), "all", "");
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  for (const char* part :
       {"role=\"img\"", "aria-labelledby=\"t d\"", "<title id=\"t\">all</title>", "<desc id=\"d\">",
        " attacks; Intel SGX: ", "prefers-color-scheme:dark"}) {
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  }
  // Nothing is fetched: the name of the format is the only address in attributes.
  EXPECT_EQ(count(svg, "href"), 0U);
  EXPECT_EQ(count(svg, "url("), 0U);
  EXPECT_EQ(count(svg, "<g"), count(svg, "</g>"));
}

TEST(Timeline, OfNothingThereIsStillAnImage) {
  const std::string svg = timeline_svg({}, "none", "");
  EXPECT_NE(svg.find("<desc id=\"d\">0 attacks</desc>"), std::string::npos);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

}  // namespace
}  // namespace ward::advisory
