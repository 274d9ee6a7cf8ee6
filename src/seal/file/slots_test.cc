#include <gtest/gtest.h>

#include "test/seal/fixture.h"
#include "token/jwe.h"
#include "token/jwk.h"

namespace ward::seal {
namespace {

class SlotsTest : public SealedFixture {
 protected:
  crypto::PrivateKey new_key(crypto::KeyType type = crypto::KeyType::kP256) {
    auto key = crypto::PrivateKey::generate(type, rng_);
    EXPECT_TRUE(key.has_value());
    return *std::move(key);
  }

  Head head_for(Receiver receiver) {
    auto wanted = request(1);
    wanted.receivers.assign(1, std::move(receiver));
    auto head = parse_head(sealed(as_bytes("x"), wanted));
    EXPECT_TRUE(head.has_value());
    return *std::move(head);
  }

  static std::optional<Fault> unlock_fault(const Head& head, const Credentials& credentials) {
    const auto key = unlock(head, credentials);
    return key ? std::nullopt : fault_of(key.error());
  }
};

TEST_F(SlotsTest, ARecipientOpensWithItsKeyAndNobodyElse) {
  const auto mine = new_key();
  const auto other = new_key();
  Head head = head_for(ToRecipient{mine.public_key()});
  const Credentials with_mine{.keys = nullptr, .identity = &mine, .passphrase = nullptr};
  EXPECT_TRUE(unlock(head, with_mine).has_value());
  EXPECT_EQ(unlock_fault(head, {.keys = nullptr, .identity = &other, .passphrase = nullptr}),
            Fault::kNoSlot);
  EXPECT_EQ(unlock_fault(head, credentials()), Fault::kNoSlot);
  auto& slot = std::get<RecipientSlot>(head.header.slots[0]);
  slot.jwe[slot.jwe.size() / 2] = slot.jwe[slot.jwe.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(unlock_fault(head, with_mine), Fault::kHeaderChanged);
  slot.jwe = "a.b";
  EXPECT_EQ(unlock_fault(head, with_mine), Fault::kHeaderChanged);
}

TEST_F(SlotsTest, ARecipientSlotThatHoldsAKeyOfAnotherSizeIsAChangedHeader) {
  const auto mine = new_key();
  Head head = head_for(ToRecipient{mine.public_key()});
  const auto jwe = token::encrypt_jwe(mine.public_key(), Buffer(31, 1), rng_);
  ASSERT_TRUE(jwe.has_value());
  std::get<RecipientSlot>(head.header.slots[0]).jwe = token::to_compact(*jwe);
  EXPECT_EQ(unlock_fault(head, {.keys = nullptr, .identity = &mine, .passphrase = nullptr}),
            Fault::kHeaderChanged);
}

TEST_F(SlotsTest, ARecipientsKeyIsOnP256) {
  const auto wrong = new_key(crypto::KeyType::kEd25519);
  auto wanted = request(1);
  wanted.receivers.assign(1, ToRecipient{wrong.public_key()});
  Buffer out;
  EXPECT_EQ(seal(wanted, rng_, reader_of(as_bytes("x")), writer_to(out)).error().code(),
            Errc::kUnsupported);
}

TEST_F(SlotsTest, APassphraseOpensAndAWrongOneIsAWrongKey) {
  const SecretBytes right = SecretBytes::copy_of(as_bytes("correct horse"));
  const SecretBytes wrong = SecretBytes::copy_of(as_bytes("correct hors"));
  Head head = head_for(ToPassphrase{.passphrase = &right, .log_n = kMinLogN});
  const Credentials with_right{.keys = nullptr, .identity = nullptr, .passphrase = &right};
  EXPECT_TRUE(unlock(head, with_right).has_value());
  EXPECT_EQ(unlock_fault(head, {.keys = nullptr, .identity = nullptr, .passphrase = &wrong}),
            Fault::kWrongKey);
  auto& slot = std::get<PassphraseSlot>(head.header.slots[0]);
  slot.wrapped[0] ^= 1U;
  EXPECT_EQ(unlock_fault(head, with_right), Fault::kHeaderChanged);
  slot.wrapped[0] ^= 1U;
  slot.check[0] ^= 1U;
  EXPECT_EQ(unlock_fault(head, with_right), Fault::kHeaderChanged);
  slot.check[0] ^= 1U;
  slot.salt[0] ^= 1U;
  EXPECT_EQ(unlock_fault(head, with_right), Fault::kWrongKey);
}

TEST_F(SlotsTest, AnEmptyPassphraseOrACostOutsideTheLimitsIsRefused) {
  const SecretBytes none;
  const SecretBytes some = SecretBytes::copy_of(as_bytes("p"));
  Buffer out;
  for (const ToPassphrase bad : {ToPassphrase{&none, kMinLogN}, ToPassphrase{&some, kMinLogN - 1},
                                 ToPassphrase{&some, kMaxLogN + 1}}) {
    auto wanted = request(1);
    wanted.receivers.assign(1, bad);
    EXPECT_EQ(seal(wanted, rng_, reader_of(as_bytes("x")), writer_to(out)).error().code(),
              Errc::kMalformed);
  }
}

TEST_F(SlotsTest, AResourceOpensWithItsKeyAndAWrongKeyOfTheSameNameIsAWrongKey) {
  const Head head = head_for(ToResource{.keys = &keys_, .resource = kResource});
  EXPECT_TRUE(unlock(head, credentials()).has_value());
  keys::SoftKeys wrong;
  ASSERT_TRUE(wrong.add_wrapping_key(kResource, random_secret(rng_, 32)).has_value());
  EXPECT_EQ(unlock_fault(head, {.keys = &wrong, .identity = nullptr, .passphrase = nullptr}),
            Fault::kWrongKey);
  const keys::SoftKeys none;
  EXPECT_EQ(unlock_fault(head, {.keys = &none, .identity = nullptr, .passphrase = nullptr}),
            Fault::kNoSlot);
}

TEST_F(SlotsTest, AResourceThatTheProviderDoesNotHoldCannotBeSealedTo) {
  auto wanted = request(1);
  wanted.receivers.assign(1, ToResource{.keys = &keys_, .resource = "no/such/key"});
  Buffer out;
  EXPECT_EQ(seal(wanted, rng_, reader_of(as_bytes("x")), writer_to(out)).error().code(),
            Errc::kUnavailable);
}

TEST_F(SlotsTest, AnyOneOfSeveralSlotsOpens) {
  const auto mine = new_key();
  const SecretBytes words = SecretBytes::copy_of(as_bytes("words"));
  const SecretBytes other = SecretBytes::copy_of(as_bytes("other words"));
  auto wanted = request(1);
  wanted.receivers.emplace_back(ToPassphrase{.passphrase = &other, .log_n = kMinLogN});
  wanted.receivers.emplace_back(ToPassphrase{.passphrase = &words, .log_n = kMinLogN});
  wanted.receivers.emplace_back(ToRecipient{mine.public_key()});
  const Buffer file = sealed(as_bytes("x"), wanted);
  for (const Credentials& one :
       {credentials(), Credentials{.keys = nullptr, .identity = &mine, .passphrase = nullptr},
        Credentials{.keys = nullptr, .identity = nullptr, .passphrase = &words},
        Credentials{.keys = nullptr, .identity = nullptr, .passphrase = &other}}) {
    Buffer out;
    EXPECT_TRUE(open(file, one, out).has_value());
    EXPECT_EQ(as_text(out), "x");
  }
}

}  // namespace
}  // namespace ward::seal
