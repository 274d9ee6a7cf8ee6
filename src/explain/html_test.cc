#include "explain/html.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace ward::explain {
namespace {

TEST(Html, TextAndAttributesAreEscaped) {
  Html html;
  html.open("p", {{"title", "\"'<>&"}}).text("</p><script>").element("b", "&amp;").close();
  EXPECT_EQ(html.take(),
            "\n<p title=\"&quot;&#39;&lt;&gt;&amp;\">&lt;/p&gt;&lt;script&gt;"
            "\n<b>&amp;amp;</b></p>");
}

TEST(Html, WhatIsNotSeenIsSpeltOut) {
  struct Case {
    const char* name;
    std::string_view text;
    const char* want;
  };

  using namespace std::string_view_literals;
  const Case cases[] = {
      {"plain", "Z\u00fcrich \u65e5\u672c \U0001f512", "Z\u00fcrich \u65e5\u672c \U0001f512"},
      {"nul and escape", "a\0\x1b[31m\n"sv, "a\\u0000\\u001b[31m\\u000a"},
      {"delete and C1", "\x7f\u0085", "\\u007f\\u0085"},
      {"right-to-left override", "exe\u202egnp", "exe\\u202egnp"},
      {"isolates and marks", "\u2066\u200f\u061c", "\\u2066\\u200f\\u061c"},
      {"nothing to see", "\u200b\ufeff\u2028", "\\u200b\\ufeff\\u2028"},
      {"tags", "\U000e0041", "\\u{e0041}"},
      {"noncharacters", "\uffff\U0001fffe", "\\uffff\\u{1fffe}"},
      {"not UTF-8", "\xff\xc3(\xe2\x82", "\\xff\\xc3(\\xe2\\x82"},
      {"overlong", "\xc0\xbc", "\\xc0\\xbc"},
      {"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(visible(c.text), c.want) << c.name;
}

TEST(Html, OctetsThatAreNotUtf8AreSpeltOut) {
  EXPECT_EQ(utf8("a\xff\u202e"), "a\\xff\u202e");
  EXPECT_EQ(utf8("\n"), "\n");
}

TEST(Html, JsonForHtmlIsTheSameValueWithoutMarkup) {
  const std::string json =
      "{\n  \"a\": \"</script><!-- & \u2028\u2029\u202e\U000e0041 \\u0000 \\\"\"\n}";
  const std::string out = json_for_html(json);
  EXPECT_EQ(out.find_first_of("<>&"), std::string::npos);
  EXPECT_EQ(out,
            "{\n  \"a\": \"\\u003c/script\\u003e\\u003c!-- \\u0026 "
            "\\u2028\\u2029\\u202e\\udb40\\udc41 \\u0000 \\\"\"\n}");
  const auto before = codec::parse_json(as_bytes(json));
  const auto after = codec::parse_json(as_bytes(out));
  ASSERT_TRUE(before);
  ASSERT_TRUE(after);
  EXPECT_EQ(before->find("a")->as_string(), after->find("a")->as_string());
}

TEST(Html, WhatIsNotClosedIsNotTaken) {
  Html html;
  html.open("p");
  EXPECT_EQ(html.take(), "");
}

}  // namespace
}  // namespace ward::explain
