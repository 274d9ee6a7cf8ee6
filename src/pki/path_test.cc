#include "pki/path.h"

#include <functional>

#include <gtest/gtest.h>

#include "codec/der.h"
#include "pki/oid.h"
#include "pki/test_pki.h"

namespace ward::pki {
namespace {

using test::kFrom;
using test::kNow;
using test::kTo;
using test::make_key;

std::string text(const std::vector<PathError>& faults) {
  std::string out;
  for (const PathError& error : faults) {
    if (!out.empty()) out += " ";
    out += std::string(to_string(error.fault)) + "@" + std::to_string(error.index);
  }
  return out;
}

std::string text(const std::vector<PathFault>& faults) {
  std::string out;
  for (const PathFault fault : faults) {
    if (!out.empty()) out += " ";
    out += to_string(fault);
  }
  return out;
}

// leaf <- sub <- root, with CRLs of both authorities. Each case changes one thing before signing.
struct World {
  crypto::PrivateKey root_key = make_key("root");
  crypto::PrivateKey sub_key = make_key("sub");
  crypto::PrivateKey leaf_key = make_key("leaf");
  CertificateSpec root = test::spec_of("root", root_key, "root", root_key, true);
  CertificateSpec sub = test::spec_of("sub", sub_key, "root", root_key, true);
  CertificateSpec leaf = test::spec_of("leaf", leaf_key, "sub", sub_key, false);
  CrlSpec root_crl = test::crl_spec_of("root", root_key);
  CrlSpec sub_crl = test::crl_spec_of("sub", sub_key);
  const crypto::PrivateKey* leaf_signer = &sub_key;
  const crypto::PrivateKey* sub_crl_signer = &sub_key;
  crypto::Sha256Digest anchor = crypto::sha256(root.spki);
  UnixTime at = kNow;
  bool look_at_crls = true;

  World() {
    sub.serial = {2};
    leaf.serial = {3};
  }

  [[nodiscard]] std::string judge() const {
    const std::vector<Certificate> chain = {
        test::built(leaf, *leaf_signer), test::built(sub, root_key), test::built(root, root_key)};
    const std::vector<Crl> crls = {test::built(root_crl, root_key),
                                   test::built(sub_crl, *sub_crl_signer)};
    PathOptions options{.at = at};
    if (look_at_crls) options.crls = crls;
    return text(check_path(chain, anchor, options));
  }
};

Extension unknown(bool critical) { return {*codec::der_oid("1.3.6.1.4.1.99999.1"), critical, {}}; }

Extension issuing_point(std::uint8_t flag) {
  codec::DerWriter fields;
  const std::uint8_t yes = 0xff;
  fields.element(codec::der_tag::context(flag), Bytes(&yes, 1));
  codec::DerWriter out;
  out.element(codec::der_tag::kSequence, fields.view());
  return {to_buffer(oid::kIssuingDistributionPoint), true, out.take()};
}

struct Case {
  const char* name;
  const char* want;
  void (*change)(World&);
};

const Case kCases[] = {
    {"right", "", [](World&) {}},
    {"other_anchor", "not_anchored@2", [](World& w) { w.anchor = crypto::sha256({}); }},
    {"anchor_is_not_the_top", "not_anchored@2",
     [](World& w) { w.anchor = crypto::sha256(w.sub.spki); }},
    {"signed_by_another", "signature@0", [](World& w) { w.leaf_signer = &w.root_key; }},
    {"issuer_of_another_name", "name_chain@0 no_crl@0",
     [](World& w) { w.leaf.issuer = test::named("other"); }},
    {"first_second", "",
     [](World& w) { w.at = w.root_crl.this_update = w.sub_crl.this_update = kFrom; }},
    {"last_second", "", [](World& w) { w.at = kTo; }},
    {"leaf_not_yet_valid", "not_yet_valid@0",
     [](World& w) { w.leaf.not_before = {kNow.seconds + 1}; }},
    {"leaf_expired", "expired@0", [](World& w) { w.leaf.not_after = {kNow.seconds - 1}; }},
    {"sub_expired", "expired@1", [](World& w) { w.sub.not_after = {kNow.seconds - 1}; }},
    {"root_expired", "expired@2", [](World& w) { w.root.not_after = {kNow.seconds - 1}; }},
    {"sub_not_ca", "not_ca@1",
     [](World& w) { w.sub.extensions[0] = basic_constraints_extension({.ca = false}); }},
    {"sub_without_constraints", "not_ca@1",
     [](World& w) { w.sub.extensions.erase(w.sub.extensions.begin()); }},
    {"root_not_ca", "not_ca@2",
     [](World& w) { w.root.extensions[0] = basic_constraints_extension({.ca = false}); }},
    {"path_len_0_at_sub", "",
     [](World& w) {
       w.sub.extensions[0] = basic_constraints_extension({true, 0});
     }},
    {"path_len_0_at_root", "path_length@2",
     [](World& w) {
       w.root.extensions[0] = basic_constraints_extension({true, 0});
     }},
    {"path_len_1_at_root", "",
     [](World& w) {
       w.root.extensions[0] = basic_constraints_extension({true, 1});
     }},
    {"sub_may_not_sign_certificates", "key_usage@1",
     [](World& w) { w.sub.extensions[1] = key_usage_extension(key_usage::kCrlSign); }},
    {"sub_may_not_sign_crls", "crl_key_usage@0",
     [](World& w) { w.sub.extensions[1] = key_usage_extension(key_usage::kKeyCertSign); }},
    {"unknown_critical", "unknown_critical@0",
     [](World& w) { w.leaf.extensions.push_back(unknown(true)); }},
    {"unknown_critical_in_sub", "unknown_critical@1",
     [](World& w) { w.sub.extensions.push_back(unknown(true)); }},
    {"unknown_not_critical", "", [](World& w) { w.leaf.extensions.push_back(unknown(false)); }},
    {"critical_policies", "unknown_critical@0",
     [](World& w) {
       w.leaf.extensions.push_back({*codec::der_oid("2.5.29.32"), true, {0x30, 0x00}});
     }},
    {"leaf_key_not_on_the_curve", "unsupported_key@0", [](World& w) { w.leaf.spki.back() ^= 1; }},
    {"sub_key_not_on_the_curve", "crl_signature@0 unsupported_key@1",
     [](World& w) { w.sub.spki.back() ^= 1; }},
    {"revoked", "revoked@0",
     [](World& w) {
       w.sub_crl.revoked.push_back({{3}, kFrom});
     }},
    {"revoked_sub", "revoked@1",
     [](World& w) {
       w.root_crl.revoked.push_back({{2}, kFrom});
     }},
    {"serial_revoked_by_another_issuer", "",
     [](World& w) {
       w.root_crl.revoked.push_back({{3}, kFrom});
     }},
    {"revoked_but_not_asked", "",
     [](World& w) {
       w.sub_crl.revoked.push_back({{3}, kFrom});
       w.look_at_crls = false;
     }},
    {"no_crl", "no_crl@0", [](World& w) { w.sub_crl.issuer = test::named("other"); }},
    {"crl_of_another_key", "crl_signature@0", [](World& w) { w.sub_crl_signer = &w.leaf_key; }},
    {"crl_of_another_key_id", "crl_key_id@0",
     [](World& w) { w.sub_crl.extensions[0] = authority_key_id_extension(Buffer{1}); }},
    {"crl_ahead", "crl_not_yet_valid@0",
     [](World& w) { w.sub_crl.this_update = {kNow.seconds + 1}; }},
    {"crl_of_this_second", "", [](World& w) { w.sub_crl.this_update = kNow; }},
    {"crl_past", "crl_expired@0", [](World& w) { w.sub_crl.next_update = {{kNow.seconds - 1}}; }},
    {"crl_until_this_second", "", [](World& w) { w.sub_crl.next_update = kNow; }},
    {"crl_without_next_update", "crl_expired@0", [](World& w) { w.sub_crl.next_update.reset(); }},
    {"crl_unknown_critical", "crl_unknown_critical@0",
     [](World& w) { w.sub_crl.extensions.push_back(unknown(true)); }},
    {"crl_unknown_not_critical", "",
     [](World& w) { w.sub_crl.extensions.push_back(unknown(false)); }},
    {"crl_user_certificates", "",
     [](World& w) { w.sub_crl.extensions.push_back(issuing_point(1)); }},
    {"crl_ca_certificates", "crl_scope@0",
     [](World& w) { w.sub_crl.extensions.push_back(issuing_point(2)); }},
    {"crl_user_certificates_for_ca", "crl_scope@1",
     [](World& w) { w.root_crl.extensions.push_back(issuing_point(1)); }},
    {"crl_some_reasons", "crl_some_reasons@0",
     [](World& w) { w.sub_crl.extensions.push_back(issuing_point(3)); }},
    {"crl_indirect", "crl_indirect@0",
     [](World& w) { w.sub_crl.extensions.push_back(issuing_point(4)); }},
    {"crl_attribute_certificates", "crl_scope@0",
     [](World& w) { w.sub_crl.extensions.push_back(issuing_point(5)); }},
    {"crl_delta", "crl_delta@0",
     [](World& w) {
       w.sub_crl.extensions.push_back({to_buffer(oid::kDeltaCrl), true, {0x02, 0x01, 0x01}});
     }},
};

TEST(CheckPath, FindsExactlyTheFault) {
  for (const Case& c : kCases) {
    World world;
    c.change(world);
    EXPECT_EQ(world.judge(), c.want) << c.name;
  }
}

TEST(CheckPath, FindsEveryFaultInOrder) {
  World world;
  world.leaf.not_after = {kNow.seconds - 1};
  world.leaf.extensions.push_back(unknown(true));
  world.sub.extensions[0] = basic_constraints_extension({.ca = false});
  world.sub_crl.next_update = {{kNow.seconds - 1}};
  world.anchor = {};
  EXPECT_EQ(world.judge(), "expired@0 unknown_critical@0 crl_expired@0 not_ca@1 not_anchored@2");
}

TEST(CheckPath, LeavesCriticalExtensionsToACallerThatProcessesThem) {
  const auto key = make_key("root");
  CertificateSpec spec = test::spec_of("root", key, "root", key, true);
  spec.extensions.push_back(unknown(true));
  const Certificate chain[] = {test::built(spec, key)};
  const auto anchor = chain[0].spki_sha256;
  PathOptions options{.at = kNow};
  EXPECT_EQ(text(check_path(chain, anchor, options)), "unknown_critical@0");
  const Bytes known[] = {chain[0].extensions.back().oid};
  options.known_critical = known;
  EXPECT_EQ(text(check_path(chain, anchor, options)), "");
}

TEST(CheckPath, VerifiesTheTopsOwnSignature) {
  const auto key = make_key("root");
  const auto other = make_key("other");
  const CertificateSpec spec = test::spec_of("root", key, "root", key, true);
  const Certificate chain[] = {test::built(spec, other)};
  EXPECT_EQ(text(check_path(chain, chain[0].spki_sha256, {.at = kNow})), "signature@0");
}

TEST(CheckPath, RefusesNoChainAndOneTooLong) {
  const auto key = make_key("root");
  const Certificate one = test::built(test::spec_of("root", key, "root", key, true), key);
  const auto anchor = one.spki_sha256;
  EXPECT_EQ(text(check_path({}, anchor, {.at = kNow})), "not_anchored@0");
  // Self-issued certificates do not count against a path length, but against this limit.
  EXPECT_EQ(text(check_path(std::vector(kMaxPathLength, one), anchor, {.at = kNow})), "");
  EXPECT_EQ(text(check_path(std::vector(kMaxPathLength + 1, one), anchor, {.at = kNow})),
            "too_long@10");
}

// A certificate of version 1, made from one of version 3 by leaving out version and extensions.
Certificate version_1(const Certificate& from, const crypto::PrivateKey& key) {
  codec::DerReader in(codec::der_document(from.tbs, codec::der_tag::kSequence)->contents);
  codec::DerWriter fields;
  codec::DerElement element;
  while (in.any(element)) {
    if ((element.tag & 0x80U) == 0) fields.raw(element.encoding);
  }
  codec::DerWriter tbs;
  tbs.element(codec::der_tag::kSequence, fields.view());
  codec::DerWriter whole;
  whole.raw(tbs.view());
  codec::DerReader outer(codec::der_document(from.der, codec::der_tag::kSequence)->contents);
  if (!outer.any(element) || !outer.any(element)) std::abort();
  whole.raw(element.encoding);
  whole.bit_string(*key.sign(test::kAlgorithm, tbs.view()));
  codec::DerWriter out;
  out.element(codec::der_tag::kSequence, whole.view());
  return *parse_certificate(out.view());
}

TEST(CheckPath, RefusesAVersion1Issuer) {
  const auto key = make_key("root");
  const auto leaf_key = make_key("leaf");
  const Certificate root = test::built(test::spec_of("root", key, "root", key, true), key);
  const Certificate leaf = test::built(test::spec_of("leaf", leaf_key, "root", key, false), key);
  const Certificate old = version_1(root, key);
  EXPECT_EQ(old.version, 1);
  const Certificate chain[] = {leaf, old};
  EXPECT_EQ(text(check_path(chain, root.spki_sha256, {.at = kNow})), "not_ca@1");
  const Certificate leaf_chain[] = {version_1(leaf, key), root};
  EXPECT_EQ(text(check_path(leaf_chain, root.spki_sha256, {.at = kNow})), "");
}

TEST(CheckPath, OneCrlWithoutFaultSufficesAndAnyOfThemRevokes) {
  const World w;
  const std::vector<Certificate> chain = {test::built(w.sub, w.root_key),
                                          test::built(w.root, w.root_key)};
  CrlSpec old = w.root_crl;
  old.next_update = {{kNow.seconds - 1}};
  CrlSpec revoking = w.root_crl;
  revoking.revoked.push_back({{2}, kFrom});
  CrlSpec delta = w.root_crl;
  delta.extensions.push_back({to_buffer(oid::kDeltaCrl), true, {0x02, 0x01, 0x01}});
  const auto judge = [&](const std::vector<Crl>& crls) {
    const PathOptions options{.at = kNow, .crls = crls};
    return text(check_path(chain, w.anchor, options));
  };
  const Crl good = test::built(w.root_crl, w.root_key);
  const Crl forged = test::built(revoking, w.leaf_key);
  EXPECT_EQ(judge({}), "no_crl@0");
  EXPECT_EQ(judge({test::built(old, w.root_key), good}), "");
  EXPECT_EQ(judge({forged, good}), "");
  EXPECT_EQ(judge({good, test::built(revoking, w.root_key)}), "revoked@0");
  EXPECT_EQ(judge({good, test::built(delta, w.root_key)}), "crl_delta@0");
}

TEST(CheckPath, NoListIsVerifiedForAPathThatIsWrongAnyway) {
  const World w;
  const std::vector<Certificate> right = {test::built(w.sub, w.root_key),
                                          test::built(w.root, w.root_key)};
  const std::vector<Certificate> wrong = {test::built(w.sub, w.leaf_key), right[1]};
  const std::vector<Crl> lists = {test::built(w.root_crl, w.root_key)};
  int asked = 0;
  bool answer = true;
  PathOptions options{.at = kNow, .crls = lists};
  options.list_holds = [&](const Crl& list, const Certificate& issuer) {
    EXPECT_EQ(list.fingerprint, lists[0].fingerprint);
    EXPECT_EQ(issuer.fingerprint, right[1].fingerprint);
    ++asked;
    return answer;
  };
  EXPECT_EQ(text(check_path(wrong, w.anchor, options)), "signature@0");
  EXPECT_EQ(asked, 1);
  options.lists_after_path = true;
  EXPECT_EQ(text(check_path(wrong, w.anchor, options)), "signature@0");
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(text(check_path(right, w.anchor, options)), "");
  EXPECT_EQ(asked, 2);
  answer = false;  // whoever says so is believed
  EXPECT_EQ(text(check_path(right, w.anchor, options)), "crl_signature@0");
  options.crls = std::span<const Crl>();
  EXPECT_EQ(text(check_path(right, w.anchor, options)), "no_crl@0");
}

TEST(CheckCrl, NamesEveryFault) {
  World w;
  const Certificate root = test::built(w.root, w.root_key);
  EXPECT_EQ(text(check_crl(test::built(w.root_crl, w.root_key), root, kNow)), "");
  EXPECT_EQ(text(check_crl(test::built(w.sub_crl, w.sub_key), root, kNow)),
            "no_crl crl_signature crl_key_id");
  w.root_crl.next_update = {{kNow.seconds - 1}};
  w.root_crl.extensions.push_back(unknown(true));
  EXPECT_EQ(text(check_crl(test::built(w.root_crl, w.root_key), root, kNow)),
            "crl_expired crl_unknown_critical");
}

}  // namespace
}  // namespace ward::pki
