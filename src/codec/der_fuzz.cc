#include "base/fuzz.h"
#include "codec/der.h"

namespace {

using ward::Buffer;
using ward::Bytes;
using ward::UnixTime;
using ward::codec::DerElement;
using ward::codec::DerReader;
using ward::codec::DerWriter;

constexpr int kMaxDepth = 32;

void require(bool ok) {
  if (!ok) __builtin_trap();
}

bool same(Bytes a, Bytes b) { return ward::equal(a, b); }

// What a typed call takes, the writer writes back to the same octets.
void typed(const DerElement& e) {
  DerWriter w;
  bool flag = false;
  Bytes bytes;
  std::uint8_t unused = 0;
  if (DerReader r(e.encoding); r.boolean(flag)) {
    w.boolean(flag);
    require(same(w.view(), e.encoding));
  } else if (r.integer(bytes)) {
    w.integer(bytes);
    require(same(w.view(), e.encoding));
    std::uint64_t small = 0;
    if (DerReader again(e.encoding); again.small_uint(small)) {
      DerWriter minimal;
      minimal.small_uint(small);
      require(same(minimal.view(), e.encoding));
    }
  } else if (r.bit_string(bytes, unused)) {
    w.bit_string(bytes, unused);
    require(same(w.view(), e.encoding));
  } else if (r.oid(bytes)) {
    const std::string text = ward::codec::der_oid_text(bytes);
    const auto back = ward::codec::der_oid(text);
    require(text[0] == '#' ? !back : back && same(*back, bytes));
  } else if (UnixTime time; r.time(time)) {
    w.time(time);
    DerReader again(w.view());
    UnixTime second;
    require(again.time(second) && second == time);
  } else if (r.octet_string(bytes)) {
    w.octet_string(bytes);
    require(same(w.view(), e.encoding));
  } else if (r.null()) {
    w.null();
    require(same(w.view(), e.encoding));
  }
}

void walk(Bytes in, int depth) {
  DerReader r(in);
  DerElement e;
  while (r.any(e)) {
    DerWriter w;
    w.element(e.tag, e.contents);
    require(same(w.view(), e.encoding));
    typed(e);
    if ((e.tag & 0x20U) != 0 && depth < kMaxDepth) walk(e.contents, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const Bytes in(data, size);
  walk(in, 0);
  if (const auto whole = ward::codec::der_document(in, ward::codec::der_tag::kSequence)) {
    require(whole->encoding.size() == size);
  }
  return 0;
}
