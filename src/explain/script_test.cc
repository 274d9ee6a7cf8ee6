#include "explain/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::explain {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr attest::CheckInfo kSignature{"x.report.signature", "", "", ""};
constexpr attest::CheckInfo kChain{"x.chain.signature", "", "", ""};
constexpr attest::CheckInfo kRegister{"x.event_log.rtmr0", "", "", ""};
constexpr attest::CheckInfo kRoot{"x.chain.root", "", "", ""};

Explanation with_evidence(std::string_view octets) {
  Explanation out;
  out.appraisal.tee = "x";
  out.work.add({.kind = attest::MaterialKind::kEvidence,
                .object = "report",
                .title = "evidence",
                .bytes = to_buffer(as_bytes(octets))});
  return out;
}

std::size_t add(Explanation& e, attest::MaterialKind kind, std::string title,
                std::string_view octets) {
  return e.work.add({.kind = kind,
                     .object = "chain",
                     .title = std::move(title),
                     .name = "file",
                     .bytes = to_buffer(as_bytes(octets))});
}

// The lines of the step of a check, without its text.
std::string step_of(const std::string& script, const std::string& check) {
  const std::size_t step = script.find(" '" + check + "' ");
  if (step == std::string::npos) return "";
  const std::size_t begin = script.find('\n', script.find('\n', step) + 1) + 1;
  return script.substr(begin, script.find("\n\n", begin) - begin);
}

TEST(Script, AMaterialStandsAsBase64WithItsDigest) {
  const std::string script = work_script(with_evidence("abc"), "ward 1.2.3");
  EXPECT_TRUE(script.starts_with("#!/bin/sh\n")) << script.substr(0, 100);
  EXPECT_THAT(script, HasSubstr("ward 1.2.3"));
  EXPECT_THAT(
      script,
      HasSubstr("material 0 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad "
                "'evidence' 'evidence' '' <<'END'\nYWJj\nEND\n"));
}

TEST(Script, ASignatureOfEachForm) {
  using attest::KeyForm;
  using attest::SignatureForm;

  struct Row {
    KeyForm key_form;
    SignatureForm form;
    const char* lines;
  };

  const Row rows[] = {
      {KeyForm::kSpki, SignatureForm::kOwn,
       "octets 0 0 4 >\"$dir/message\"\noctets 0 4 2 | spki_key\noctets 0 6 4 "
       ">\"$dir/signature\"\nverify 'ES256'"},
      {KeyForm::kPoint, SignatureForm::kFixed,
       "octets 0 0 4 >\"$dir/message\"\noctets 0 4 2 | point_key\noctets 0 6 4 | r_and_s 2\nverify "
       "'ES256'"},
      {KeyForm::kPoint, SignatureForm::kHex,
       "octets 0 0 4 >\"$dir/message\"\noctets 0 4 2 | point_key\noctets 0 6 4 | xxd -r -p | "
       "r_and_s 1\nverify 'ES256'"},
      {KeyForm::kPoint, SignatureForm::kLittleEndian,
       "octets 0 0 4 >\"$dir/message\"\noctets 0 4 2 | point_key\noctets 0 6 4 | "
       "little_endian\nverify 'ES256'"},
  };
  for (const Row& row : rows) {
    Explanation e = with_evidence("messkesign");
    e.work.signatures.push_back({.check = &kSignature,
                                 .algorithm = "ES256",
                                 .key = {0, 4, 2},
                                 .key_form = row.key_form,
                                 .message = {0, 0, 4},
                                 .signature = {0, 6, 4},
                                 .form = row.form,
                                 .holds = true});
    const std::string script = work_script(e, "ward");
    EXPECT_EQ(step_of(script, "x.report.signature"), row.lines);
    EXPECT_THAT(script, HasSubstr("step signature 'x.report.signature' yes \\\n"));
  }
}

TEST(Script, OnlyOfJsonMustWhatIsSignedBeAMember) {
  for (const auto& [document, member] : {std::pair(R"( {"a":5,"signature":"7369"})", true),
                                         std::pair("\x01\x00\x00\x00 signed, sign", false)}) {
    Explanation e = with_evidence("evidence");
    const std::size_t at = add(e, attest::MaterialKind::kDocument, "document", document);
    e.work.signatures.push_back({.check = &kSignature,
                                 .algorithm = "ES256",
                                 .key = {0, 0, 2},
                                 .message = {at, 0, 4},
                                 .signature = {at, 6, 4}});
    EXPECT_EQ(work_script(e, "ward").find("\nsigned_member 1 ") != std::string::npos, member);
  }
}

TEST(Script, WhatWardFoundIsWrittenDown) {
  Explanation e = with_evidence("messkesign");
  e.work.signatures.push_back({.check = &kSignature, .algorithm = "ES256"});
  EXPECT_THAT(work_script(e, "ward"), HasSubstr("step signature 'x.report.signature' no \\\n"));
}

TEST(Script, ACertificateThatStandsInTheEvidenceMustStandThere) {
  const std::string der = "\x30\x03zzz";
  const std::string base64 = to_base64(as_bytes(der), Base64::kStandard);
  const std::pair<std::string, std::string> rows[] = {
      {"head " + der + " tail", "stands octets 1\n"},
      {"head\n" + base64.substr(0, 4) + "\r\n" + base64.substr(4) + "\n", "stands pem 1\n"},
      {R"({"data": [48, 3, 122,)"
       "\n122, 122]}",
       "stands numbers 1\n"},
      {"another one", ""}};
  for (const auto& [evidence, line] : rows) {
    Explanation e = with_evidence(evidence);
    const std::size_t leaf = add(e, attest::MaterialKind::kCertificate, "leaf", der);
    e.work.signatures.push_back({.check = &kChain,
                                 .algorithm = "PS384",
                                 .key = {leaf, 0, 1},
                                 .message = {leaf, 0, 2},
                                 .signature = {leaf, 2, 2},
                                 .holds = true});
    EXPECT_EQ(step_of(work_script(e, "ward"), "x.chain.signature"),
              "octets 1 0 2 >\"$dir/message\"\ncertificate_key 1\noctets 1 2 2 "
              ">\"$dir/signature\"\n" +
                  line + "verify 'PS384'");
  }
}

TEST(Script, WhatIsMadeOfTheEvidenceHoldsForThatEvidenceAlone) {
  Explanation e = with_evidence("{}");
  const std::size_t report = add(e, attest::MaterialKind::kExtract, "report", "messkesign");
  e.work.signatures.push_back({.check = &kSignature,
                               .algorithm = "ES256",
                               .key = {report, 4, 2},
                               .message = {report, 0, 4},
                               .signature = {report, 6, 4},
                               .holds = true});
  EXPECT_THAT(step_of(work_script(e, "ward"), "x.report.signature"), HasSubstr("\nfrom_json\n"));
}

TEST(Script, WhatIsSignedInADocumentIsAMemberOfIt) {
  Explanation e = with_evidence("key");
  const std::size_t d =
      add(e, attest::MaterialKind::kDocument, "info", R"({"i":{},"signature":"abcd"})");
  e.work.signatures.push_back({.check = &kSignature,
                               .algorithm = "ES256",
                               .message = {d, 5, 2},
                               .signature = {d, 21, 4},
                               .form = attest::SignatureForm::kHex,
                               .holds = true});
  EXPECT_THAT(step_of(work_script(e, "ward"), "x.report.signature"),
              HasSubstr("\nsigned_member 1 \"$(octets 1 21 4)\"\n"));
}

TEST(Script, DigestsAreComparedWithAValueOrAPlace) {
  Explanation e = with_evidence("one two");
  e.work.digests.push_back({.check = &kRoot,
                            .algorithm = "SHA-256",
                            .message = {{0, 0, 3}, {0, 4, 3}},
                            .expected = {0xab, 0xcd},
                            .expected_from = "the maker's",
                            .holds = true});
  std::string script = work_script(e, "ward");
  EXPECT_EQ(step_of(script, "x.chain.root"),
            "expected='abcd'\nsame \"$({ octets 0 0 3; octets 0 4 3; } | digest sha256)\" "
            "\"$expected\"");
  EXPECT_THAT(script, HasSubstr(" against the maker'\\''s'\n"));
  e.work.digests.front().place = attest::Part{0, 1, 2};
  script = work_script(e, "ward");
  EXPECT_THAT(step_of(script, "x.chain.root"), HasSubstr("expected=$(octets 0 1 2 | in_hex)\n"));
}

TEST(Script, ARegisterIsExtendedInOrder) {
  Explanation e = with_evidence("register");
  const std::size_t log = add(e, attest::MaterialKind::kDocument, "log", "one two");
  e.work.digests.push_back({.check = &kRegister,
                            .algorithm = "SHA-384",
                            .message = {{log, 4, 3}, {log, 0, 3}},
                            .extended = true,
                            .place = attest::Part{0, 0, 8},
                            .holds = true});
  EXPECT_EQ(step_of(work_script(e, "ward"), "x.event_log.rtmr0"),
            "expected=$(octets 0 0 8 | in_hex)\n: >\"$dir/parts\"\nranges 1 >>\"$dir/parts\" "
            "<<'END'\n4 3\n0 3\nEND\nsame \"$(extend sha384 48 <\"$dir/parts\")\" \"$expected\"");
}

TEST(Script, ARegisterThatWouldTakeHoursIsLeftOut) {
  Explanation e = with_evidence("register");
  const std::size_t log = add(e, attest::MaterialKind::kDocument, "log", "one two");
  e.work.digests.push_back({.check = &kRegister,
                            .algorithm = "SHA-384",
                            .message = std::vector<attest::Part>(4096, {log, 4, 3}),
                            .extended = true,
                            .place = attest::Part{0, 0, 8},
                            .holds = true});
  EXPECT_THAT(step_of(work_script(e, "ward"), "x.event_log.rtmr0"), HasSubstr("extend sha384"));
  e.work.digests[0].message.push_back({log, 4, 3});
  EXPECT_EQ(step_of(work_script(e, "ward"), "x.event_log.rtmr0"),
            "left_out 'more than 4096 digests'");
}

TEST(Script, NothingOfCollateralIsReadAsShellCode) {
  constexpr std::string_view kHostile =
      "'; touch pwned; '\nEND\n$(touch pwned) `touch pwned` \"\\ \x1b[2J\r\xc2\x9b<>|&!*?~{}";
  Explanation e = with_evidence(kHostile);
  e.appraisal.tee = kHostile;
  const std::size_t d = e.work.add({.kind = attest::MaterialKind::kDocument,
                                    .object = std::string(kHostile),
                                    .title = std::string(kHostile),
                                    .name = std::string(1000, '\'') + std::string(kHostile),
                                    .bytes = to_buffer(as_bytes(kHostile))});
  e.work.signatures.push_back({.check = &kSignature,
                               .algorithm = std::string(kHostile),
                               .key = {d, 0, 1},
                               .message = {d, 0, 1},
                               .signature = {d, 0, 1}});
  e.work.digests.push_back({.check = &kRoot,
                            .algorithm = "SHA-256",
                            .message = {{d, 0, 1}},
                            .expected_from = std::string(kHostile)});
  const std::string script = work_script(e, kHostile);
  constexpr std::string_view kPlain =
      "'; touch pwned; '?END?"
      "?(touch pwned) ?touch pwned? ?"
      "? ?[2J?";
  EXPECT_THAT(script, Not(HasSubstr("$(touch")));
  EXPECT_THAT(script, Not(HasSubstr("`touch")));
  EXPECT_THAT(script, Not(HasSubstr("\x1b")));
  EXPECT_THAT(script, HasSubstr(std::string(kPlain))) << "in the comment at its head";
  EXPECT_THAT(script, HasSubstr("''\\''; touch pwned; '\\''?END?"));
}

}  // namespace
}  // namespace ward::explain
