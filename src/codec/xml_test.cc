#include "codec/xml.h"

#include <functional>

#include <gtest/gtest.h>

namespace ward::codec {
namespace {

XmlElement parsed(std::string_view text) {
  auto out = parse_xml(as_bytes(text));
  EXPECT_TRUE(out.has_value()) << text << (out ? "" : out.error().what());
  return out ? *std::move(out) : XmlElement{};
}

std::string canonical(std::string_view text) { return canonical_xml(parsed(text)); }

Errc refused(std::string_view text) {
  const auto out = parse_xml(as_bytes(text));
  EXPECT_FALSE(out.has_value()) << text;
  return out ? Errc::kInternal : out.error().code();
}

TEST(Xml, ReadsElementsAttributesAndText) {
  const XmlElement root = parsed(
      "<?xml version='1.0' encoding='UTF-8'?>\n"
      "<a xmlns=\"urn:d\" xmlns:p='urn:p' x=\"1\" p:x=\"2\">t<p:b y=' 3\t4 '/><c xmlns=''>&lt;&#65;"
      "&#x42;</c></a>\n");
  EXPECT_TRUE(root.is("urn:d", "a"));
  ASSERT_NE(root.find("", "x"), nullptr);
  EXPECT_EQ(root.find("", "x")->value, "1");
  EXPECT_EQ(root.find("urn:p", "x")->value, "2");
  EXPECT_EQ(root.find("urn:d", "x"), nullptr);
  const auto below = root.elements();
  ASSERT_EQ(below.size(), 2U);
  EXPECT_TRUE(below[0]->is("urn:p", "b"));
  EXPECT_EQ(below[0]->find("", "y")->value, " 3 4 ");
  EXPECT_TRUE(below[1]->is("", "c"));
  EXPECT_EQ(below[1]->text(), "<AB");
  EXPECT_TRUE(root.has_text());
  EXPECT_EQ(root.text(), std::nullopt);
  EXPECT_FALSE(parsed("<a> \n<b/></a>").has_text());
}

// The examples of Canonical XML 1.0 section 3, without what is refused by choice.
TEST(Xml, WritesTheCanonicalFormOfTheStandardsExamples) {
  EXPECT_EQ(canonical("<doc>\n   <clean>   </clean>\n   <dirty>   A   B   </dirty>\n</doc>"),
            "<doc>\n   <clean>   </clean>\n   <dirty>   A   B   </dirty>\n</doc>");
  EXPECT_EQ(
      canonical("<doc>\n   <e1   />\n   <e2   ></e2>\n   <e3   name = \"elem3\"   id=\"elem3\""
                "   />\n   <e5 a:attr=\"out\" b:attr=\"sorted\" attr2=\"all\" attr=\"I'm\"\n "
                "     xmlns:b=\"http://www.ietf.org\"\n      xmlns:a=\"http://www.w3.org\"\n  "
                "    xmlns=\"http://example.org\"/>\n</doc>"),
      "<doc>\n   <e1></e1>\n   <e2></e2>\n   <e3 id=\"elem3\" name=\"elem3\"></e3>\n   <e5 "
      "xmlns=\"http://example.org\" xmlns:a=\"http://www.w3.org\" "
      "xmlns:b=\"http://www.ietf.org\" attr=\"I'm\" attr2=\"all\" b:attr=\"sorted\" "
      "a:attr=\"out\"></e5>\n</doc>");
  EXPECT_EQ(canonical("<e6 xmlns=\"\" xmlns:a=\"http://www.w3.org\"><e7 "
                      "xmlns=\"http://www.ietf.org\"><e8 xmlns=\"\" "
                      "xmlns:a=\"http://www.w3.org\"><e9 xmlns=\"\"/></e8></e7></e6>"),
            "<e6 xmlns:a=\"http://www.w3.org\"><e7 xmlns=\"http://www.ietf.org\"><e8 "
            "xmlns=\"\"><e9></e9></e8></e7></e6>");
  EXPECT_EQ(
      canonical("<doc><text>First line&#x0d;&#10;Second line</text><value>&#x32;</value>"
                "<compute expr='value>\"0\" &amp;&amp; value&lt;\"10\" ?\"valid\":\"error\"'>"
                "valid</compute><norm attr=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; '/></doc>"),
      "<doc><text>First line&#xD;\nSecond line</text><value>2</value><compute "
      "expr=\"value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; "
      "?&quot;valid&quot;:&quot;error&quot;\">valid</compute><norm attr=\" '    "
      "&#xD;&#xA;&#x9;   ' \"></norm></doc>");
}

TEST(Xml, TheCanonicalFormOfAPartHasTheNamespacesAroundIt) {
  const XmlElement root = parsed("<a xmlns=\"urn:a\" xmlns:b=\"urn:b\"><c xmlns:b=\"urn:c\"/></a>");
  const XmlElement& part = *root.children[0].element;
  EXPECT_EQ(canonical_xml(part, nullptr, root.declared),
            "<c xmlns=\"urn:a\" xmlns:b=\"urn:c\"></c>");
}

TEST(Xml, WhatIsLeftOutIsLeftOutWhole) {
  const XmlElement root = parsed("<a>x<b><c/></b>y<b/></a>");
  EXPECT_EQ(canonical_xml(root, &*root.children[1].element), "<a>xy<b></b></a>");
}

TEST(Xml, RefusesWhatHasMoreThanOneReading) {
  EXPECT_EQ(refused("<!DOCTYPE a><a/>"), Errc::kUnsupported);
  EXPECT_EQ(refused("<a><!-- c --></a>"), Errc::kUnsupported);
  EXPECT_EQ(refused("<a><![CDATA[x]]></a>"), Errc::kUnsupported);
  EXPECT_EQ(refused("<a><?p?></a>"), Errc::kUnsupported);
  EXPECT_EQ(refused("<a>&e;</a>"), Errc::kUnsupported);
  EXPECT_EQ(refused("<a xml:id='x'/>"), Errc::kUnsupported);
  EXPECT_EQ(refused("<?xml version='1.1'?><a/>"), Errc::kUnsupported);
  EXPECT_EQ(refused("<?xml version='1.0' encoding='latin1'?><a/>"), Errc::kUnsupported);
}

TEST(Xml, RefusesWhatIsMalformed) {
  for (const char* text : {"x",
                           "<a/><b/>",
                           "<a/>x",
                           "<a></b>",
                           "<p:a/>",
                           "<a p:x='1'/>",
                           "<a x='1' x='2'/>",
                           "<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>",
                           "<a x='<'/>",
                           "<a x=1/>",
                           "<a x='1'y='2'/>",
                           "<a>&#0;</a>",
                           "<a>&#xd800;</a>",
                           "<a>&#;</a>",
                           "<a>&#x110000;</a>",
                           "<a>&#12a;</a>",
                           "<a>&#123456789;</a>",
                           "<a>\x01</a>",
                           "<a>\xff</a>",
                           "<a>]]></a>",
                           "<a xmlns:p=''/>",
                           "<a xmlns:xml='u'/>",
                           "<a xmlns='u' xmlns='v'/>",
                           "<1/>",
                           "<a:/>",
                           "<a x/>",
                           "<a>\xef\xbf\xbf</a>",
                           "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>"}) {
    EXPECT_EQ(refused(text), Errc::kMalformed) << text;
  }
}

TEST(Xml, RefusesEveryCut) {
  const std::string text =
      "<?xml version='1.0'?><a xmlns='u' xmlns:p='v'><p:b x='1&amp;&#65;'>t&lt;</p:b></a>";
  ASSERT_TRUE(parse_xml(as_bytes(text)).has_value());
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(parse_xml(as_bytes(text).first(size)).has_value()) << size;
}

std::string nested(std::size_t depth) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i)
    out += "<a>";
  for (std::size_t i = 0; i < depth; ++i)
    out += "</a>";
  return out;
}

std::string repeated(std::string_view before, std::size_t count, std::string_view after,
                     const std::function<std::string(std::size_t)>& part) {
  std::string out(before);
  for (std::size_t i = 0; i < count; ++i)
    out += part(i);
  return out.append(after);
}

TEST(Xml, HasLimits) {
  EXPECT_TRUE(parse_xml(as_bytes(nested(kMaxXmlDepth))).has_value());
  EXPECT_EQ(refused(nested(kMaxXmlDepth + 1)), Errc::kLimit);
  const auto elements = [](std::size_t count) {
    return repeated("<a>", count - 1, "</a>", [](std::size_t) { return "<b/>"; });
  };
  EXPECT_TRUE(parse_xml(as_bytes(elements(kMaxXmlElements))).has_value());
  EXPECT_EQ(refused(elements(kMaxXmlElements + 1)), Errc::kLimit);
  const auto attributes = [](std::size_t count) {
    return repeated("<a", count, "/>",
                    [](std::size_t i) { return " x" + std::to_string(i) + "=''"; });
  };
  EXPECT_TRUE(parse_xml(as_bytes(attributes(kMaxXmlAttributes))).has_value());
  EXPECT_EQ(refused(attributes(kMaxXmlAttributes + 1)), Errc::kLimit);
  const auto namespaces = [](std::size_t count) {
    return repeated("<a", count, "/>",
                    [](std::size_t i) { return " xmlns:x" + std::to_string(i) + "='u'"; });
  };
  EXPECT_TRUE(parse_xml(as_bytes(namespaces(kMaxXmlNamespaces))).has_value());
  EXPECT_EQ(refused(namespaces(kMaxXmlNamespaces + 1)), Errc::kLimit);
  const auto sized = [](std::size_t size) { return "<a>" + std::string(size - 7, 'x') + "</a>"; };
  EXPECT_TRUE(parse_xml(as_bytes(sized(kMaxXmlBytes))).has_value());
  EXPECT_EQ(refused(sized(kMaxXmlBytes + 1)), Errc::kLimit);
}

}  // namespace
}  // namespace ward::codec
