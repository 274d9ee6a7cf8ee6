#include "explain/explanation_json.h"

#include "attest/appraisal_json.h"
#include "crypto/digest.h"

namespace ward::explain {
namespace {

using codec::JsonWriter;

void write_time(JsonWriter& out, const std::optional<UnixTime>& time) {
  if (time) {
    out.string(format_rfc3339(*time));
  } else {
    out.null();
  }
}

void write_material(JsonWriter& out, const attest::Material& material, UnixTime at) {
  out.begin_object();
  out.name("object").string(material.object);
  out.name("kind").string(attest::to_text(material.kind));
  out.name("title").string(material.title);
  out.name("name").string(material.name);
  out.name("size").unsigned_integer(material.bytes.size());
  out.name("sha256").string(to_hex(crypto::sha256(material.bytes)));
  out.name("from");
  write_time(out, material.from);
  out.name("until");
  write_time(out, material.until);
  out.name("days_left");
  if (const auto left = days_left(material, at)) {
    out.integer(*left);
  } else {
    out.null();
  }
  out.end_object();
}

}  // namespace

void write_explanation(JsonWriter& out, const Explanation& e) {
  out.begin_object();
  attest::write_appraisal_members(out, e.appraisal);
  out.name("materials").begin_array();
  for (const attest::Material& material : e.work.materials) {
    write_material(out, material, e.appraisal.at);
  }
  out.end_array();
  out.name("advice").begin_array();
  for (const Advice& advice : e.advice) {
    out.begin_object();
    out.name("check").string(advice.check);
    out.name("kind").string(to_text(advice.kind));
    out.name("what").string(advice.what);
    out.name("meaning").string(advice.meaning);
    out.end_object();
  }
  out.end_array();
  out.end_object();
}

}  // namespace ward::explain
