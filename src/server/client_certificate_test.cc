#include "server/client_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/der.h"
#include "codec/pem.h"
#include "pki/build.h"
#include "pki/path.h"
#include "pki/test_pki.h"
#include "server/client_crls.h"
#include "token/jwk.h"

namespace ward::server {
namespace {

using broker::Role;
using pki::Certificate;
using pki::CertificateSpec;
using pki::GeneralName;
using pki::test::kNow;
using pki::test::kTo;
using testing::HasSubstr;

constexpr std::uint8_t kSan[] = {0x55, 0x1d, 0x11};
constexpr std::uint8_t kEku[] = {0x55, 0x1d, 0x25};
constexpr std::uint8_t kClientAuth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};
constexpr std::uint8_t kServerAuth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
constexpr const char* kAudience = "urn:ward:wardd:test";

pki::Extension usage(Bytes purpose, bool critical = false) {
  codec::DerWriter oid;
  oid.oid(purpose);
  codec::DerWriter list;
  list.element(codec::der_tag::kSequence, oid.view());
  return {to_buffer(kEku), critical, to_buffer(list.view())};
}

pki::Extension alt_names(const std::vector<std::string>& names) {
  codec::DerWriter all;
  for (const std::string& name : names) {
    all.element(codec::der_tag::context(2), as_bytes(name));
  }
  codec::DerWriter list;
  list.element(codec::der_tag::kSequence, all.view());
  return {to_buffer(kSan), false, to_buffer(list.view())};
}

// A person's certificate under a CA, with its extended key usage and names.
class ClientCertificate : public testing::Test {
 protected:
  ClientCertificate() {
    auto pinned = Administrator{.actor = {"pinned", Role::kAuditor, {}}};
    pinned.spki_sha256.push_back(crypto::sha256(key_.public_key().to_spki()));
    auto named = Administrator{.actor = {"named", Role::kAdministrator, {}}};
    named.certificate_names.push_back(dns("ops.example"));
    auto other = Administrator{.actor = {"other", Role::kAdministrator, {}}};
    other.certificate_names.push_back(dns("other.example"));
    people_ = {std::move(pinned), std::move(named), std::move(other)};
  }

  static GeneralName dns(std::string_view name) {
    return {GeneralName::Kind::kDns, to_buffer(as_bytes(name))};
  }

  [[nodiscard]] Certificate authority(const crypto::PrivateKey& key, std::string_view name,
                                      const crypto::PrivateKey& issuer_key,
                                      std::string_view issuer) const {
    return pki::test::built(pki::test::spec_of(name, key, issuer, issuer_key, true), issuer_key);
  }

  [[nodiscard]] CertificateSpec client(std::string_view issuer, const crypto::PrivateKey& key,
                                       const std::vector<std::string>& names) const {
    CertificateSpec spec = pki::test::spec_of("client", client_key_, issuer, key, false);
    spec.extensions.push_back(usage(kClientAuth));
    if (!names.empty()) spec.extensions.push_back(alt_names(names));
    return spec;
  }

  [[nodiscard]] broker::Answer<const Administrator*> ask(const std::vector<Certificate>& shown,
                                                         UnixTime now = kNow) const {
    std::vector<Buffer> der;
    for (const Certificate& one : shown) {
      der.push_back(one.der);
    }
    return certified_administrator(der, people_, {.ca = ca_, .crls = crls_}, now);
  }

  void expect_refused(const std::vector<Certificate>& shown, const char* why,
                      UnixTime now = kNow) const {
    const auto found = ask(shown, now);
    ASSERT_FALSE(found) << why;
    EXPECT_EQ(found.error().status, 401U);
    EXPECT_EQ(found.error().checks, std::vector<std::string>{"kbs.admin.certificate"});
    EXPECT_THAT(
        found.error().body.detail + " " + found.error().found + " " + found.error().expected,
        HasSubstr(why));
  }

  crypto::PrivateKey ca_key_ = pki::test::make_key("client ca");
  crypto::PrivateKey key_ = pki::test::make_key("pinned");
  crypto::PrivateKey client_key_ = pki::test::make_key("client");
  crypto::PrivateKey middle_key_ = pki::test::make_key("middle");
  std::vector<Certificate> ca_ = {authority(ca_key_, "CA", ca_key_, "CA")};
  std::vector<Administrator> people_;
  std::optional<std::vector<pki::Crl>> crls_;
};

TEST_F(ClientCertificate, a_list_of_its_issuer_decides_whether_it_is_revoked) {
  const auto leaf = pki::test::built(client("CA", ca_key_, {"ops.example"}), ca_key_);
  auto spec = pki::test::crl_spec_of("CA", ca_key_);
  crls_ = {pki::test::built(spec, ca_key_)};
  EXPECT_TRUE(ask({leaf}));
  spec.revoked.push_back({leaf.serial, spec.this_update});
  crls_ = {pki::test::built(spec, ca_key_)};
  expect_refused({leaf}, "It is revoked.");
  spec.revoked.pop_back();
  spec.next_update = UnixTime{kNow.seconds - 1};
  crls_ = {pki::test::built(spec, ca_key_)};
  expect_refused({leaf}, "The list of revoked certificates is out of date. crl_expired");
  crls_ = {pki::test::built(pki::test::crl_spec_of("Other", middle_key_), middle_key_)};
  expect_refused({leaf}, "No list says whether it is revoked.");
  crls_ = {pki::test::built(pki::test::crl_spec_of("CA", ca_key_), middle_key_)};
  expect_refused({leaf}, "crl_signature");
  crls_ = std::vector<pki::Crl>();
  expect_refused({leaf}, "no_crl");
}

TEST_F(ClientCertificate, what_is_the_configurations_is_not_a_rows) {
  auto row = Administrator{.actor = {"row", Role::kOwner, {}}, .stored = true};
  row.spki_sha256.push_back(crypto::sha256(client_key_.public_key().to_spki()));
  people_.push_back(row);
  const auto leaf = pki::test::built(client("CA", ca_key_, {"ops.example"}), ca_key_);
  const auto found = ask({leaf});
  ASSERT_TRUE(found) << found.error().body.detail;
  EXPECT_EQ((*found)->actor.name, "named");
  row.actor.name = "row2";
  people_.push_back(row);
  EXPECT_TRUE(ask({leaf}));
  people_.erase(people_.begin(), people_.begin() + 3);
  expect_refused({leaf}, "more than one");
}

TEST_F(ClientCertificate, a_list_counts_with_the_key_that_was_found_to_sign_it) {
  const auto spec = pki::test::crl_spec_of("CA", ca_key_);
  const auto judged = judge_client_crls({pki::test::built(spec, ca_key_)}, ca_, {});
  ASSERT_EQ(judged.set.lists.size(), 1U);
  EXPECT_TRUE(judged.refused.empty());
  EXPECT_TRUE(is_signed_by(judged.set, judged.set.lists[0], ca_[0]));
  const auto same_name = authority(middle_key_, "CA", middle_key_, "CA");
  EXPECT_FALSE(is_signed_by(judged.set, judged.set.lists[0], same_name));
  const auto stranger = pki::test::built(spec, middle_key_);
  EXPECT_FALSE(is_signed_by(judged.set, stranger, ca_[0]));
  const auto refused = judge_client_crls({stranger}, ca_, judged.set);
  EXPECT_TRUE(refused.set.lists.empty());
  ASSERT_EQ(refused.refused.size(), 1U);
  EXPECT_THAT(refused.refused[0].second, HasSubstr("no CA of client_ca"));
}

TEST_F(ClientCertificate, an_older_list_takes_no_newer_ones_place) {
  const auto list = [&](std::optional<std::uint64_t> number, std::int64_t later_s) {
    auto spec = pki::test::crl_spec_of("CA", ca_key_);
    spec.extensions.pop_back();
    if (number) spec.extensions.push_back(pki::crl_number_extension(*number));
    spec.this_update = UnixTime{spec.this_update.seconds + later_s};
    return pki::test::built(spec, ca_key_);
  };
  const auto takes = [&](const pki::Crl& now, const pki::Crl& then) {
    const auto before = judge_client_crls({now}, ca_, {});
    const auto after = judge_client_crls({then}, ca_, before.set);
    EXPECT_EQ(after.set.lists.size(), 1U);
    const bool taken = after.set.lists.front().fingerprint == then.fingerprint;
    EXPECT_EQ(after.refused.empty(), taken);
    if (!taken) {
      EXPECT_EQ(after.set.lists.front().fingerprint, now.fingerprint);
    }
    return taken;
  };
  EXPECT_TRUE(takes(list(7, 0), list(8, 0)));
  EXPECT_TRUE(takes(list(7, 0), list(7, 0)));
  EXPECT_TRUE(takes(list(7, 0), list(7, 1)));
  EXPECT_TRUE(takes(list(7, 5), list(8, 0)));
  EXPECT_FALSE(takes(list(8, 0), list(7, 0)));
  EXPECT_FALSE(takes(list(8, 0), list(7, 5)));
  EXPECT_FALSE(takes(list(7, 1), list(7, 0)));
  EXPECT_FALSE(takes(list(std::nullopt, 1), list(9, 0)));
  // Beside a newer one of the same file nothing of before is kept.
  const auto before = judge_client_crls({list(8, 0)}, ca_, {});
  const auto newest = list(9, 0);
  const auto after = judge_client_crls({list(7, 0), newest}, ca_, before.set);
  ASSERT_EQ(after.set.lists.size(), 1U);
  EXPECT_EQ(after.set.lists.front().fingerprint, newest.fingerprint);
  EXPECT_EQ(after.refused.size(), 1U);
}

TEST(ClientCrlsText, is_pem_of_lists_and_nothing_else) {
  const auto key = pki::test::make_key("client ca");
  const auto list = pki::test::built(pki::test::crl_spec_of("CA", key), key);
  const std::string one = codec::to_pem("X509 CRL", list.der);
  const auto read = parse_client_crls(one + one);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size(), 2U);
  std::string many;
  for (std::size_t i = 0; i <= kMaxClientCrls; ++i) {
    many += one;
  }
  EXPECT_EQ(parse_client_crls(many).error().code(), Errc::kLimit);
  EXPECT_EQ(parse_client_crls(codec::to_pem("CERTIFICATE", list.der)).error().code(),
            Errc::kMalformed);
  EXPECT_EQ(parse_client_crls("").error().code(), Errc::kTruncated);
}

TEST_F(ClientCertificate, a_name_under_the_ca_is_one_administrators) {
  const auto leaf = pki::test::built(client("CA", ca_key_, {"ops.example", "x.example"}), ca_key_);
  const auto found = ask({leaf});
  ASSERT_TRUE(found) << found.error().body.detail;
  EXPECT_EQ((*found)->actor.name, "named");
  EXPECT_TRUE(ask({leaf, ca_.front()}));
}

TEST_F(ClientCertificate, a_key_is_known_without_a_ca) {
  auto spec = pki::test::spec_of("self", key_, "self", key_, false);
  const auto found = ask({pki::test::built(spec, key_)});
  ASSERT_TRUE(found) << found.error().body.detail;
  EXPECT_EQ((*found)->actor.name, "pinned");
  people_[0].spki_sha256.clear();
  const auto leaf = pki::test::built(spec, key_);
  expect_refused({leaf}, "It is not for a TLS client");
  people_[0].certificate_sha256.push_back(leaf.fingerprint);
  EXPECT_TRUE(ask({leaf}));
}

TEST_F(ClientCertificate, a_name_is_read_as_it_is_written) {
  for (const char* text : {"dns:ops.example", "email:a@b.example", "uri:spiffe://a/b"}) {
    EXPECT_EQ(to_text(*certificate_name(text)), text);
  }
  EXPECT_EQ(to_text(GeneralName{GeneralName::Kind::kDirectory, {}}), "");
}

TEST_F(ClientCertificate, an_intermediate_leads_to_the_ca) {
  const auto middle = authority(middle_key_, "middle", ca_key_, "CA");
  const auto leaf = pki::test::built(client("middle", middle_key_, {"ops.example"}), middle_key_);
  const auto found = ask({leaf, middle});
  ASSERT_TRUE(found) << found.error().body.detail;
  expect_refused({leaf}, "No CA that this service takes");
  // The service's own list may hold the intermediate alone.
  ca_ = {middle};
  EXPECT_TRUE(ask({leaf}));
}

TEST_F(ClientCertificate, each_request_is_judged_at_its_own_time) {
  const auto leaf = pki::test::built(client("CA", ca_key_, {"ops.example"}), ca_key_);
  EXPECT_TRUE(ask({leaf}, kTo));
  expect_refused({leaf}, "It has expired", {kTo.seconds + 1});
  expect_refused({leaf}, "It is not yet valid", {pki::test::kFrom.seconds - 1});
}

TEST_F(ClientCertificate, refuses_what_is_wrong_with_its_reason) {
  const auto build = [&](CertificateSpec spec) { return pki::test::built(spec, ca_key_); };
  auto no_usage = client("CA", ca_key_, {"ops.example"});
  no_usage.extensions.erase(no_usage.extensions.end() - 2);
  expect_refused({build(no_usage)}, "It is not for a TLS client");
  auto server = client("CA", ca_key_, {"ops.example"});
  *(server.extensions.end() - 2) = usage(kServerAuth);
  expect_refused({build(server)}, "extKeyUsage clientAuth");
  auto critical = client("CA", ca_key_, {"ops.example"});
  *(critical.extensions.end() - 2) = usage(kClientAuth, true);
  EXPECT_TRUE(ask({build(critical)}));
  auto no_signing = client("CA", ca_key_, {"ops.example"});
  no_signing.extensions[1] = pki::key_usage_extension(pki::key_usage::kCrlSign);
  expect_refused({build(no_signing)}, "Its key does not sign");
  expect_refused({build(client("CA", ca_key_, {"nobody.example"}))}, "None of its names");
  expect_refused({build(client("CA", ca_key_, {}))}, "None of its names");
  expect_refused({build(client("CA", ca_key_, {"ops.example", "other.example"}))},
                 "more than one administrator");
  expect_refused({build(client("Another CA", ca_key_, {"ops.example"}))}, "No CA that");
  // Another CA of the same name.
  const auto forged = pki::test::built(client("CA", middle_key_, {"ops.example"}), middle_key_);
  expect_refused({forged}, "signature");
  ca_.clear();
  expect_refused({build(client("CA", ca_key_, {"ops.example"}))}, "No CA that");
}

TEST_F(ClientCertificate, an_issuer_for_other_purposes_vouches_for_nobody) {
  CertificateSpec spec = pki::test::spec_of("middle", middle_key_, "CA", ca_key_, true);
  spec.extensions.push_back(usage(kServerAuth));
  const auto middle = pki::test::built(spec, ca_key_);
  const auto leaf = pki::test::built(client("middle", middle_key_, {"ops.example"}), middle_key_);
  expect_refused({leaf, middle}, "No CA that");
}

TEST_F(ClientCertificate, a_pinned_key_with_another_ones_name_is_nobodys) {
  CertificateSpec spec = client("CA", ca_key_, {"ops.example"});
  spec.spki = key_.public_key().to_spki();
  expect_refused({pki::test::built(spec, ca_key_)}, "more than one administrator");
  // Who is not vouched for may say what he likes: his key alone counts.
  ca_.clear();
  const auto found = ask({pki::test::built(spec, ca_key_)});
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)->actor.name, "pinned");
}

TEST_F(ClientCertificate, bounds_what_a_client_shows) {
  const auto leaf = pki::test::built(client("CA", ca_key_, {"ops.example"}), ca_key_);
  EXPECT_TRUE(ask(std::vector<Certificate>(kMaxShownCertificates, leaf)));
  expect_refused(std::vector<Certificate>(kMaxShownCertificates + 1, leaf), "too long");
  expect_refused({}, "None was shown");
  const std::vector<Buffer> junk = {{0x30, 0x00}};
  EXPECT_FALSE(certified_administrator(junk, people_, {.ca = ca_}, kNow));
}

// Credentials as a whole.
class SignIn : public ClientCertificate {
 protected:
  SignIn() {
    people_[1].key = token::JwsKey{token::JwsAlgorithm::kEs256, token_key_.public_key(), ""};
    people_[2].key = token::JwsKey{token::JwsAlgorithm::kEs256, client_key_.public_key(), ""};
  }

  [[nodiscard]] static std::string token_of(const crypto::PrivateKey& key, std::string name) {
    return *make_admin_token(token::signer_of(key),
                             {std::move(name), Role::kAdministrator, kAudience, kNow});
  }

  [[nodiscard]] broker::Answer<broker::Actor> sign_in(std::optional<std::string_view> bearer,
                                                      const std::vector<Buffer>& shown) const {
    return authenticate({.bearer = bearer, .certificates = shown},
                        {.administrators = people_, .providers = {}, .client_trust = {.ca = ca_}},
                        {.audience = kAudience, .now = kNow});
  }

  [[nodiscard]] std::string check_of(std::optional<std::string_view> bearer,
                                     const std::vector<Buffer>& shown) const {
    const auto actor = sign_in(bearer, shown);
    EXPECT_FALSE(actor);
    return actor ? std::string() : actor.error().checks.front();
  }

  crypto::PrivateKey token_key_ = pki::test::make_key("token");
  Buffer leaf_ = pki::test::built(client("CA", ca_key_, {"ops.example"}), ca_key_).der;
};

TEST_F(SignIn, a_token_a_certificate_or_both_of_one_person) {
  const std::string token = token_of(token_key_, "named");
  const auto by_key = sign_in(token, {});
  ASSERT_TRUE(by_key) << by_key.error().body.detail;
  EXPECT_EQ(by_key->sign_in, "key");
  const auto by_certificate = sign_in(std::nullopt, {leaf_});
  ASSERT_TRUE(by_certificate) << by_certificate.error().body.detail;
  EXPECT_EQ(by_certificate->name, "named");
  EXPECT_EQ(by_certificate->sign_in, "certificate");
  const auto by_both = sign_in(token, {leaf_});
  ASSERT_TRUE(by_both) << by_both.error().body.detail;
  EXPECT_EQ(by_both->sign_in, "key+certificate");
}

TEST_F(SignIn, what_is_shown_must_be_right_and_of_one_person) {
  const std::string token = token_of(token_key_, "named");
  const std::string others = token_of(client_key_, "other");
  ASSERT_TRUE(sign_in(others, {}));
  EXPECT_EQ(check_of(others, {leaf_}), "kbs.admin.person");
  EXPECT_EQ(check_of(token, {Buffer{0x30, 0x00}}), "kbs.admin.certificate");
  EXPECT_EQ(check_of(token + "A", {leaf_}), "kbs.admin.token");
  EXPECT_EQ(check_of("", {leaf_}), "kbs.admin.token");
  EXPECT_EQ(check_of(std::nullopt, {}), "kbs.admin.token");
}

TEST_F(SignIn, who_has_no_key_signs_no_token) {
  people_[1].key.reset();
  EXPECT_EQ(check_of(token_of(token_key_, "named"), {}), "kbs.admin.token");
}

}  // namespace
}  // namespace ward::server
