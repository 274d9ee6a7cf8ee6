#include "tee/dcap/pck.h"

#include <algorithm>
#include <set>

#include "codec/der.h"

namespace ward::dcap {
namespace {

using codec::DerElement;
using codec::DerReader;
using codec::DerWriter;

// 1.2.840.113741.1.13.1; the members add one or two arcs, all below 128.
constexpr std::array<std::uint8_t, 9> kRoot = {0x2a, 0x86, 0x48, 0x86, 0xf8,
                                               0x4d, 0x01, 0x0d, 0x01};

Bytes root() { return kRoot; }

constexpr std::uint8_t kPpid = 1;
constexpr std::uint8_t kTcb = 2;
constexpr std::uint8_t kPceId = 3;
constexpr std::uint8_t kFmspc = 4;
constexpr std::uint8_t kSgxType = 5;
constexpr std::uint8_t kInstanceId = 6;
constexpr std::uint8_t kConfiguration = 7;
constexpr std::uint8_t kTcbPceSvn = 17;
constexpr std::uint8_t kTcbCpuSvn = 18;

// The last arc of `oid` where it is `parent` and one more; 0 otherwise (no arc of the profile is
// 0).
std::uint8_t last_arc(Bytes oid, Bytes parent) {
  if (oid.size() != parent.size() + 1 || !equal(oid.first(parent.size()), parent)) return 0;
  return oid.back();
}

template <std::size_t N>
bool octets(DerReader& in, std::array<std::uint8_t, N>& out) {
  Bytes b;
  if (!in.octet_string(b)) return false;
  const auto fixed = to_array<N>(b);
  if (!fixed) return false;
  out = *fixed;
  return true;
}

bool svn(DerReader& in, std::uint64_t max, std::uint64_t& out) {
  return in.small_uint(out) && out <= max;
}

// One member of the TCB sequence: sixteen component SVNs, PCESVN and CPUSVN.
bool tcb_member(std::uint8_t arc, DerReader& in, PckExtensions& out) {
  std::uint64_t value = 0;
  if (arc >= 1 && arc <= 16) {
    if (!svn(in, 255, value)) return false;
    out.tcb_components.at(arc - 1U) = static_cast<std::uint8_t>(value);
    return true;
  }
  if (arc == kTcbPceSvn) {
    if (!svn(in, 65535, value)) return false;
    out.pce_svn = static_cast<std::uint16_t>(value);
    return true;
  }
  if (arc == kTcbCpuSvn) return octets(in, out.cpu_svn);
  return true;
}

bool configuration_member(std::uint8_t arc, DerReader& in, PckExtensions& out) {
  bool value = false;
  if (arc < 1 || arc > 3) return true;
  if (!in.boolean(value)) return false;
  if (arc == 1) out.dynamic_platform = value;
  if (arc == 2) out.cached_keys = value;
  if (arc == 3) out.smt_enabled = value;
  return true;
}

// Walks a SEQUENCE OF SEQUENCE { OID, value }; `member` reads the value of a known arc. No arc may
// come twice.
template <class Member>
bool members(DerReader& in, Bytes parent, std::set<std::uint8_t>& seen, Member member) {
  while (!in.empty()) {
    DerReader pair({});
    Bytes oid;
    if (!in.nested(codec::der_tag::kSequence, pair) || !pair.oid(oid)) return false;
    const std::uint8_t arc = last_arc(oid, parent);
    if (arc == 0) continue;
    if (!seen.insert(arc).second) return false;
    if (!member(arc, pair)) return false;
  }
  return true;
}

bool nested_members(std::uint8_t arc, DerReader& in, PckExtensions& out) {
  DerReader inner({});
  if (!in.nested(codec::der_tag::kSequence, inner)) return false;
  const Buffer parent = concat({root(), std::array<std::uint8_t, 1>{arc}});
  std::set<std::uint8_t> seen;
  const bool ok = members(inner, parent, seen, [&](std::uint8_t sub, DerReader& value) {
    return arc == kTcb ? tcb_member(sub, value, out) : configuration_member(sub, value, out);
  });
  // All sixteen components, PCESVN and CPUSVN are mandatory.
  return ok && (arc != kTcb || (*seen.begin() == 1 && seen.count(kTcbCpuSvn) == 1 &&
                                std::ranges::count_if(seen, [](std::uint8_t s) {
                                  return s <= kTcbCpuSvn;
                                }) == kTcbCpuSvn));
}

bool top_member(std::uint8_t arc, DerReader& in, PckExtensions& out) {
  switch (arc) {
    case kPpid:
      return octets(in, out.ppid);
    case kTcb:
    case kConfiguration:
      return nested_members(arc, in, out);
    case kPceId:
      return octets(in, out.pce_id);
    case kFmspc:
      return octets(in, out.fmspc);
    case kSgxType: {
      DerElement e;
      if (!in.element(codec::der_tag::kEnumerated, e) || e.contents.size() != 1) return false;
      out.sgx_type = e.contents[0];
      return out.sgx_type < 0x80;
    }
    case kInstanceId: {
      std::array<std::uint8_t, 16> id{};
      if (!octets(in, id)) return false;
      out.platform_instance_id = id;
      return true;
    }
    default:
      return true;
  }
}

// Writes SEQUENCE { OID root.arcs..., value }.
void pair(DerWriter& out, std::initializer_list<std::uint8_t> arcs, Bytes value) {
  DerWriter inner;
  Buffer oid = to_buffer(root());
  oid.insert(oid.end(), arcs.begin(), arcs.end());
  inner.oid(oid);
  inner.raw(value);
  out.element(codec::der_tag::kSequence, inner.view());
}

Buffer octet_value(Bytes b) {
  DerWriter w;
  w.octet_string(b);
  return w.take();
}

Buffer uint_value(std::uint64_t v) {
  DerWriter w;
  w.small_uint(v);
  return w.take();
}

Buffer sequence(const DerWriter& members_written) {
  DerWriter w;
  w.element(codec::der_tag::kSequence, members_written.view());
  return w.take();
}

}  // namespace

Bytes pck_extension_oid() { return root(); }

Result<PckExtensions> parse_pck_extensions(Bytes value) {
  DerReader in(value);
  DerReader list({});
  if (!in.nested(codec::der_tag::kSequence, list) || !in.empty()) {
    return Error(Errc::kMalformed, "dcap.pck: SGX extension");
  }
  PckExtensions out;
  std::set<std::uint8_t> seen;
  const bool ok = members(list, root(), seen, [&](std::uint8_t arc, DerReader& member) {
    return top_member(arc, member, out);
  });
  if (!ok) return Error(Errc::kMalformed, "dcap.pck: SGX extension member");
  for (const std::uint8_t arc : {kPpid, kTcb, kPceId, kFmspc, kSgxType}) {
    if (seen.count(arc) == 0) {
      return Error(Errc::kMalformed, "dcap.pck: SGX extension lacks member", arc);
    }
  }
  return out;
}

Buffer write_pck_extensions(const PckExtensions& e) {
  DerWriter tcb;
  for (std::uint8_t i = 0; i < 16; ++i) {
    pair(tcb, {kTcb, static_cast<std::uint8_t>(i + 1)}, uint_value(e.tcb_components.at(i)));
  }
  pair(tcb, {kTcb, kTcbPceSvn}, uint_value(e.pce_svn));
  pair(tcb, {kTcb, kTcbCpuSvn}, octet_value(e.cpu_svn));

  DerWriter list;
  pair(list, {kPpid}, octet_value(e.ppid));
  pair(list, {kTcb}, sequence(tcb));
  pair(list, {kPceId}, octet_value(e.pce_id));
  pair(list, {kFmspc}, octet_value(e.fmspc));
  DerWriter type;
  type.element(codec::der_tag::kEnumerated, std::array<std::uint8_t, 1>{e.sgx_type});
  pair(list, {kSgxType}, type.view());
  if (e.platform_instance_id) pair(list, {kInstanceId}, octet_value(*e.platform_instance_id));
  if (e.dynamic_platform || e.cached_keys || e.smt_enabled) {
    DerWriter configuration;
    const std::optional<bool> flags[] = {e.dynamic_platform, e.cached_keys, e.smt_enabled};
    for (std::uint8_t i = 0; i < 3; ++i) {
      if (!flags[i]) continue;
      DerWriter flag;
      flag.boolean(*flags[i]);
      pair(configuration, {kConfiguration, static_cast<std::uint8_t>(i + 1)}, flag.view());
    }
    pair(list, {kConfiguration}, sequence(configuration));
  }
  return sequence(list);
}

}  // namespace ward::dcap
