#include "server/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::server {
namespace {

using testing::HasSubstr;

TEST(Query, values_are_decoded) {
  const auto query = Query::parse("/v1/x?a=1&b=%2f%C3%A4+&after=", "a b after");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->find("a"), "1");
  EXPECT_EQ(query->find("b"), "/\xC3\xA4 ");
  EXPECT_EQ(query->find("after"), "");
  EXPECT_FALSE(query->find("c"));
  for (const char* none : {"/v1/x", "/v1/x?"})
    EXPECT_TRUE(Query::parse(none, "")) << none;
}

struct Case {
  const char* target;
  const char* named;
};

TEST(Query, what_is_wrong_is_named) {
  for (const Case& c :
       {Case{"/x?c=1", "no parameter \"c\""}, Case{"/x?a=1&a=1", "a: expected to stand"},
        Case{"/x?a", "a: expected a value"}, Case{"/x?a=%", "a: expected UTF-8"},
        Case{"/x?a=%4", "a: expected UTF-8"}, Case{"/x?a=%zz", "a: expected UTF-8"},
        Case{"/x?a=%ff", "a: expected UTF-8"}, Case{"/x?&", "of another form"},
        Case{"/x?=1", "of another form"}, Case{"/x?%00=1", "of another form"},
        Case{"/x?A=1", "no parameter \"A\""}, Case{"/x?a%20=1", "of another form"}}) {
    const auto query = Query::parse(c.target, "a b");
    ASSERT_FALSE(query) << c.target;
    EXPECT_EQ(query.error().status, 400U);
    EXPECT_THAT(query.error().body.detail, HasSubstr(c.named)) << c.target;
  }
}

TEST(Query, a_page_is_bounded) {
  const auto page = [](const std::string& query) {
    return Query::parse("/x?" + query, "after limit")->page();
  };
  ASSERT_TRUE(page(""));
  EXPECT_EQ(page("")->limit, kMaxPage);
  EXPECT_EQ(page("")->after, "");
  EXPECT_EQ(page("limit=1&after=a/b/c")->limit, 1U);
  EXPECT_EQ(page("limit=1&after=a/b/c")->after, "a/b/c");
  EXPECT_EQ(page("limit=200")->limit, 200U);
  EXPECT_TRUE(page("after=" + std::string(1024, 'x')));
  for (const char* wrong : {"limit=0", "limit=201", "limit=-1", "limit=", "limit=1x", "limit=+1",
                            "limit=99999999999999999999"}) {
    ASSERT_FALSE(page(wrong)) << wrong;
    EXPECT_THAT(page(wrong).error().body.detail, HasSubstr("limit: expected")) << wrong;
  }
  ASSERT_FALSE(page("after=" + std::string(1025, 'x')));
  EXPECT_THAT(page("after=" + std::string(1025, 'x')).error().body.detail, HasSubstr("after: "));
}

}  // namespace
}  // namespace ward::server
