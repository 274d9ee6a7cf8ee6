#include "ledger/note.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "test/ledger/test_signer.h"

namespace ward::ledger {
namespace {

constexpr std::string_view kOrigin = "wardd.test/ledger";

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

NodeHash some_root() {
  NodeHash root{};
  for (std::size_t i = 0; i < root.size(); ++i)
    root[i] = static_cast<std::uint8_t>(i);
  return root;
}

// The example of https://c2sp.org/signed-note (format and test vectors of golang.org/x/mod's
// sumdb/note: PeterNeumann).
constexpr std::string_view kPeter =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kPeterNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

TEST(Note, key_text_of_another_project_reads_and_writes) {
  const auto key = NoteKey::parse(kPeter);
  ASSERT_TRUE(key) << key.error().what();
  EXPECT_EQ(key->name(), "PeterNeumann");
  EXPECT_EQ(key->id(), 0xc74f20a3U);
  EXPECT_EQ(key->to_text(), kPeter);
}

TEST(Note, a_signature_of_another_project_is_right_though_its_text_is_no_checkpoint) {
  const auto key = NoteKey::parse(kPeter);
  ASSERT_TRUE(key);
  EXPECT_EQ(code(open_checkpoint(kPeterNote, *key)), Errc::kMalformed);  // after the signature
  std::string changed(kPeterNote);
  changed[3] ^= 1;
  EXPECT_EQ(code(open_checkpoint(changed, *key)), Errc::kUntrusted);
}

TEST(Note, key_text_that_does_not_fit_is_refused) {
  EXPECT_EQ(code(NoteKey::parse("")), Errc::kMalformed);
  EXPECT_EQ(code(NoteKey::parse("name+c74f20a3")), Errc::kMalformed);
  std::string id(kPeter);
  id[14] = 'd';
  EXPECT_EQ(code(NoteKey::parse(id)), Errc::kMalformed);
  std::string name(kPeter);
  name[0] = 'Q';
  EXPECT_EQ(code(NoteKey::parse(name)), Errc::kMalformed);
  EXPECT_EQ(code(NoteKey::parse("n+00000000+AA==")), Errc::kUnsupported);
  EXPECT_EQ(code(NoteKey::parse("n+00000000+AQ==")), Errc::kMalformed);
  EXPECT_EQ(code(NoteKey::parse(std::string(513, 'n'))), Errc::kLimit);
}

TEST(Note, names_with_blanks_or_plus_are_refused) {
  const auto key = test_signer(kOrigin, 1).key.key();
  for (const char* name : {"", "a b", "a+b", "a\nb", "\xc3\xa4"})
    EXPECT_EQ(code(NoteKey::make(name, key)), Errc::kMalformed) << name;
}

TEST(Note, a_checkpoint_opens_under_its_key) {
  const NoteSigner signer = test_signer(kOrigin, 1);
  const std::string note = *sign_checkpoint(signer, 8, some_root());
  EXPECT_EQ(note.substr(0, note.find("\n\n")),
            "wardd.test/ledger\n8\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  const auto opened = open_checkpoint(note, signer.key);
  ASSERT_TRUE(opened) << opened.error().what();
  EXPECT_EQ(*opened, (Checkpoint{std::string(kOrigin), 8, some_root()}));
}

TEST(Note, another_key_or_another_name_is_refused) {
  const std::string note = *sign_checkpoint(test_signer(kOrigin, 1), 8, some_root());
  EXPECT_EQ(code(open_checkpoint(note, test_signer(kOrigin, 2).key)), Errc::kUntrusted);
  EXPECT_EQ(code(open_checkpoint(note, test_signer("other.test", 1).key)), Errc::kUntrusted);
}

TEST(Note, every_flipped_bit_and_every_truncation_is_refused) {
  const NoteSigner signer = test_signer(kOrigin, 1);
  const std::string note = *sign_checkpoint(signer, 8, some_root());
  for (std::size_t bit = 0; bit < 8 * note.size(); ++bit) {
    std::string changed = note;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(open_checkpoint(changed, signer.key)) << bit;
  }
  for (std::size_t n = 0; n < note.size(); ++n)
    EXPECT_FALSE(open_checkpoint(std::string_view(note).substr(0, n), signer.key)) << n;
}

TEST(Note, a_witness_signature_and_extension_lines_are_passed_over) {
  const NoteSigner signer = test_signer(kOrigin, 1);
  std::string note = *sign_checkpoint(signer, 8, some_root());
  note += "\xe2\x80\x94 witness.test " + to_base64(Buffer(68, 7), Base64::kStandard) + "\n";
  EXPECT_TRUE(open_checkpoint(note, signer.key));
  const std::string body =
      "wardd.test/ledger\n8\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nmore\n";
  EXPECT_TRUE(open_checkpoint(sign_text(signer, body), signer.key));
}

TEST(Note, signed_bodies_that_are_no_checkpoint_are_refused) {
  const NoteSigner signer = test_signer(kOrigin, 1);
  const std::string root = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
  const std::string origin = "wardd.test/ledger\n";
  for (const std::string& body :
       {origin, origin + "8\n", "\n8\n" + root, origin + "08\n" + root, origin + "-8\n" + root,
        origin + "\n" + root, origin + "18446744073709551616\n" + root, origin + "8\nAAEC\n",
        origin + "8\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n"}) {
    EXPECT_EQ(code(open_checkpoint(sign_text(signer, body), signer.key)), Errc::kMalformed) << body;
  }
  EXPECT_EQ(code(open_checkpoint(sign_text(signer, "other\n8\n" + root), signer.key)),
            Errc::kUntrusted);
}

TEST(Note, bounds_hold_at_the_limit_and_one_above) {
  const NoteSigner signer = test_signer(kOrigin, 1);
  std::string note = *sign_checkpoint(signer, 8, some_root());
  const std::string witness =
      "\xe2\x80\x94 w.test " + to_base64(Buffer(68, 7), Base64::kStandard) + "\n";
  for (std::size_t i = 1; i < kMaxNoteSignatures; ++i)
    note += witness;
  EXPECT_TRUE(open_checkpoint(note, signer.key));
  note += witness;
  EXPECT_EQ(code(open_checkpoint(note, signer.key)), Errc::kLimit);
  EXPECT_EQ(code(open_checkpoint(std::string(kMaxNoteBytes + 1, 'x'), signer.key)), Errc::kLimit);
  EXPECT_EQ(code(open_checkpoint(std::string(kMaxNoteBytes, 'x'), signer.key)), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::ledger
