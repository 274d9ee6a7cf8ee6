#include "tee/dcap/pck.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/time.h"
#include "codec/der.h"

namespace ward::dcap {
namespace {

PckExtensions sample() {
  PckExtensions e;
  for (std::size_t i = 0; i < 16; ++i) {
    e.ppid.at(i) = static_cast<std::uint8_t>(i);
    e.tcb_components.at(i) = static_cast<std::uint8_t>(16 * i);
    e.cpu_svn.at(i) = static_cast<std::uint8_t>(255 - i);
  }
  e.pce_svn = 0x1234;
  e.fmspc = {0, 0x60, 0x6a, 0, 0, 0};
  e.sgx_type = 1;
  e.platform_instance_id = e.ppid;
  e.dynamic_platform = true;
  e.cached_keys = false;
  e.smt_enabled = true;
  return e;
}

bool same(const PckExtensions& a, const PckExtensions& b) {
  return a.ppid == b.ppid && a.tcb_components == b.tcb_components && a.pce_svn == b.pce_svn &&
         a.cpu_svn == b.cpu_svn && a.pce_id == b.pce_id && a.fmspc == b.fmspc &&
         a.sgx_type == b.sgx_type && a.platform_instance_id == b.platform_instance_id &&
         a.dynamic_platform == b.dynamic_platform && a.cached_keys == b.cached_keys &&
         a.smt_enabled == b.smt_enabled;
}

TEST(PckExtensions, ReadsWhatItWrites) {
  const auto again = parse_pck_extensions(write_pck_extensions(sample()));
  ASSERT_TRUE(again);
  EXPECT_TRUE(same(*again, sample()));
  PckExtensions processor = sample();
  processor.platform_instance_id.reset();
  processor.dynamic_platform.reset();
  processor.cached_keys.reset();
  processor.smt_enabled.reset();
  const auto small = parse_pck_extensions(write_pck_extensions(processor));
  ASSERT_TRUE(small);
  EXPECT_TRUE(same(*small, processor));
}

TEST(PckExtensions, RefusesACutAtEveryLength) {
  const Buffer whole = write_pck_extensions(sample());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto cut = parse_pck_extensions(Bytes(whole).first(n));
    ASSERT_FALSE(cut) << n;
    EXPECT_EQ(cut.error().code(), Errc::kMalformed) << n;
  }
}

TEST(PckExtensions, RefusesTrailingBytes) {
  Buffer whole = write_pck_extensions(sample());
  whole.push_back(0);
  EXPECT_EQ(parse_pck_extensions(whole).error().code(), Errc::kMalformed);
}

// Takes the members of the outer sequence, gives them to `change`, and encodes them again.
template <class Change>
Buffer changed(Change change) {
  const Buffer whole = write_pck_extensions(sample());
  codec::DerReader in(whole);
  codec::DerReader list({});
  EXPECT_TRUE(in.nested(codec::der_tag::kSequence, list));
  std::vector<Buffer> members;
  codec::DerElement e;
  while (list.any(e))
    members.push_back(to_buffer(e.encoding));
  change(members);
  codec::DerWriter inner;
  for (const Buffer& m : members)
    inner.raw(m);
  codec::DerWriter out;
  out.element(codec::der_tag::kSequence, inner.view());
  return out.take();
}

TEST(PckExtensions, RefusesAMemberTwice) {
  for (std::size_t i = 0; i < 7; ++i) {
    const Buffer doubled = changed([&](std::vector<Buffer>& m) { m.push_back(m[i]); });
    ASSERT_FALSE(parse_pck_extensions(doubled)) << i;
    EXPECT_EQ(parse_pck_extensions(doubled).error().code(), Errc::kMalformed);
  }
}

TEST(PckExtensions, RefusesAMissingMandatoryMember) {
  for (std::size_t i = 0; i < 7; ++i) {
    const Buffer without = changed(
        [&](std::vector<Buffer>& m) { m.erase(m.begin() + static_cast<std::ptrdiff_t>(i)); });
    const bool mandatory =
        i < 5;  // PPID, TCB, PCE-ID, FMSPC, SGX Type; then instance id, configuration
    EXPECT_EQ(parse_pck_extensions(without).has_value(), !mandatory) << i;
  }
}

TEST(PckExtensions, RefusesATcbWithoutOneOfItsComponents) {
  const Buffer whole = write_pck_extensions(sample());
  // The arc of component 16, 2.16, becomes 2.19: unknown, and so component 16 is missing.
  const Buffer arc{0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, 0x02, 0x10};
  Buffer altered = whole;
  const auto at = std::search(altered.begin(), altered.end(), arc.begin(), arc.end());
  ASSERT_NE(at, altered.end());
  *(at + 10) = 0x13;
  EXPECT_EQ(parse_pck_extensions(altered).error().code(), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::dcap
