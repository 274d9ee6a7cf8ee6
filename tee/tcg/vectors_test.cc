// The recorded logs. Expected registers of logs without a recorded TPM or TD are those that a
// second implementation computed (google/go-eventlog v0.0.2); the others are what the hardware
// said.
#include "test/support/vectors.h"

#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "base/reader.h"
#include "tee/tcg/event_type.h"
#include "tee/tcg/statement.h"

namespace ward::tcg {
namespace {

Buffer vector_file(const std::string& name) { return test::read_file(test::vectors_dir() / name); }

struct LogCase {
  const char* file;
  Registers registers;
  std::size_t events;
  std::size_t padding;
  Algorithm algorithm;
  std::optional<bool> secure_boot;
  const char* values;  // of each register, the first octets
};

constexpr LogCase kCases[] = {
    {"tpm/eventlog_arch-linux-workstation.bin", Registers::kPcr, 25, 0, Algorithm::kSha256, false,
     "0=758b773d94feabf5 1=bfda688a5d320123 2=65dee4a48cde677a 3=3d458cfe55cc03ea "
     "4=925d453d3dfef4ac 5=202522f005ef6255 6=3d458cfe55cc03ea 7=3b4a4db44b7a8725 "
     "8=47591b43af431963"},
    {"tpm/eventlog_confidential-gke-debug-251000_eventlog.bin", Registers::kPcr, 55, 0,
     Algorithm::kSha384, true,
     "0=3db0db543323f57b 1=5372601022fc2346 2=518923b0f955d08d 3=518923b0f955d08d "
     "4=da7046418fd310d4 5=16d594cecfc92336 6=518923b0f955d08d 7=e4c71716134e3c8f "
     "8=ed78d8bed21747d1 9=7127752b5a27f31c 14=7dd22d0be1dc4deb"},
    {"tpm/eventlog_eventlogwithsp800155.bin", Registers::kPcr, 54, 0, Algorithm::kSha384, true,
     "0=3db0db543323f57b 1=5372601022fc2346 2=518923b0f955d08d 3=518923b0f955d08d "
     "4=da7046418fd310d4 5=16d594cecfc92336 6=518923b0f955d08d 7=e4c71716134e3c8f "
     "8=ed78d8bed21747d1 9=682e05809323f5de 14=7dd22d0be1dc4deb"},
    {"tpm/eventlog_rhel8-uefi.bin", Registers::kPcr, 83, 0, Algorithm::kSha384, true,
     "0=8be2d39fecef6e88 1=fe3dc5d3f48a1b68 2=518923b0f955d08d 3=518923b0f955d08d "
     "4=62622ff1f3ed4c7e 5=f653a0a6625b3eb1 6=518923b0f955d08d 7=c045321e7b0361a9 "
     "8=6b789d88cf56779b 9=7a9bdaf00517a432 14=57fd21f31d9e28c4"},
    {"tpm/eventlog_rust-keylime.bin", Registers::kPcr, 124, 0, Algorithm::kSha256, false,
     "0=5c4103d6dcf2a90c 1=36c21ff724fcdb93 2=120249b9c1207b67 3=3d458cfe55cc03ea "
     "4=204e40739947a1b8 5=6c603280181ce479 6=3d458cfe55cc03ea 7=7ab310d890fb86d2 "
     "8=245709f050008ac6 9=5775cc79e0de21ac 14=17cdefd9548f4383"},
    {"tpm/eventlog_ubuntu-2104-no-dbx.bin", Registers::kPcr, 112, 0, Algorithm::kSha384, false,
     "0=8be2d39fecef6e88 1=382f8b0c00400934 2=518923b0f955d08d 3=518923b0f955d08d "
     "4=6bb9f97fa6a24844 5=6c1b5fbc7598002e 6=518923b0f955d08d 7=79ca6795f9f8cb4f "
     "8=edf46c2b7278fb9a 9=b22f00a43ff104a7 14=b8b567350264af77"},
    {"tpm/eventlog_ubuntu-2104-no-secure-boot.bin", Registers::kPcr, 106, 0, Algorithm::kSha384,
     false,
     "0=8be2d39fecef6e88 1=6b088ab036df8ef6 2=518923b0f955d08d 3=518923b0f955d08d "
     "4=3ebf3c452bc17e7e 5=ea0b89e9481c7ab3 6=518923b0f955d08d 7=ad480f162711e252 "
     "8=96317e24c0f3c783 9=fc8578079fa8425b 14=b8b567350264af77"},
    {"tpm/ccel_CCEL_unpadded.data.bin", Registers::kRtmr, 20, 0, Algorithm::kSha384, false,
     "0=8083cd6898cc52a9 1=6484f0d72c03521c 2=c3e7ed9d7e909b29"},
    {"tpm/ccel_aael_alibaba.bin", Registers::kRtmr, 88, 8, Algorithm::kSha384, false,
     "0=b796e1c11396c198 1=3b0b906140fcea68 2=35f2801338c1b5fc 3=5e4ecd49d3c7983d"},
};

std::string values_of(const Replay& replay) {
  std::string out;
  for (const Replayed& r : replay.registers) {
    if (!out.empty()) out += " ";
    out += std::to_string(r.number) + "=" + to_hex(Bytes(r.value).first(8));
  }
  return out;
}

bool is_log(const std::string& kind) { return kind == "tpm-eventlog" || kind == "ccel-eventlog"; }

TEST(TcgVectors, EveryRecordedLogReplays) {
  WARD_NEED_VECTORS();
  std::map<std::string, LogCase> cases;
  for (const LogCase& c : kCases)
    cases.emplace(c.file, c);
  std::map<std::string, std::size_t> judged;
  for (auto& row : test::read_tsv(test::vectors_dir() / "MANIFEST.tsv")) {
    if (!is_log(row["kind"])) continue;
    SCOPED_TRACE(row["file"]);
    const Buffer raw = vector_file(row["file"]);
    EXPECT_TRUE(is_event_log(raw));
    const auto log = parse_event_log(raw);
    ASSERT_TRUE(log);
    EXPECT_EQ(write_event_log(to_parts(*log)), raw);
    const Registers registers = guess_registers(*log);
    EXPECT_EQ(registers == Registers::kRtmr, row["kind"] == "ccel-eventlog");
    std::size_t banks = 0;
    for (const AlgorithmSize& a : log->spec.algorithms) {
      const auto algorithm = known_algorithm(a.id);
      ASSERT_TRUE(algorithm);
      const auto replayed = replay(*log, registers, *algorithm);
      ASSERT_TRUE(replayed);
      for (const Remark& r : replayed->remarks)
        EXPECT_FALSE(is_fault(r.anomaly)) << to_text(r.anomaly) << " in event " << r.event;
      const auto statements = read_statements(*log, registers, *algorithm);
      ASSERT_TRUE(statements);
      for (const Statement& s : *statements) {
        EXPECT_NE(s.covered.coverage, Coverage::kMismatch) << s.event;
        EXPECT_FALSE(std::holds_alternative<Malformed>(s.data)) << s.event;
      }
      ++banks;
      const auto it = cases.find(row["file"]);
      if (it == cases.end() || it->second.algorithm != *algorithm) continue;
      const LogCase& want = it->second;
      EXPECT_EQ(registers, want.registers);
      EXPECT_EQ(log->events.size(), want.events);
      EXPECT_EQ(log->padding, want.padding);
      EXPECT_EQ(secure_boot(*statements, registers).enabled, want.secure_boot);
      EXPECT_EQ(values_of(*replayed), want.values);
      cases.erase(it);
    }
    EXPECT_GE(banks, 1U);
    ++judged[row["kind"]];
  }
  EXPECT_TRUE(cases.empty()) << cases.begin()->first;
  for (const auto& [kind, count] : judged)
    test::report_vectors(kind, count, count, 0);
  EXPECT_GE(judged["tpm-eventlog"], 7U);
  EXPECT_GE(judged["ccel-eventlog"], 2U);
}

// Every cut of a real log is an error or ends with a whole event; never more is read than is there.
TEST(TcgVectors, ACutOfARecordedLogIsTruncated) {
  WARD_NEED_VECTORS();
  const Buffer raw = vector_file("tpm/ccel_CCEL_unpadded.data.bin");
  const auto log = parse_event_log(raw);
  ASSERT_TRUE(log);
  std::set<std::size_t> ends;
  for (const Event& event : log->events)
    ends.insert(event.offset + event.size);
  for (std::size_t n = 0; n < raw.size(); ++n) {
    const auto cut = parse_event_log(Bytes(raw).first(n));
    EXPECT_EQ(cut.has_value(), ends.contains(n)) << n;
    EXPECT_TRUE(cut || cut.error().code() == Errc::kTruncated) << n;
  }
}

// What tpm2_eventlog 5.4 computed, and what the machine itself read from its TPM after that boot.
TEST(TcgVectors, TheRecordedBootGivesTheTpmsRegisters) {
  WARD_NEED_VECTORS();
  const auto folder = test::vectors_dir() / "atrest/tpm";
  const Buffer raw = test::read_file(folder / "ovmf-eventlog.bin");
  const auto log = parse_event_log(raw);
  ASSERT_TRUE(log);
  std::istringstream yml(test::read_text(folder / "ovmf-eventlog.tpm2-tools.yml"));
  std::optional<Algorithm> bank;
  std::size_t compared = 0;
  bool pcrs = false;
  for (std::string line; std::getline(yml, line);) {
    pcrs = pcrs || line == "pcrs:";
    if (!pcrs) continue;
    for (const Algorithm a :
         {Algorithm::kSha1, Algorithm::kSha256, Algorithm::kSha384, Algorithm::kSha512}) {
      if (line == std::string("  ") + to_text(a) + ":") bank = a;
    }
    const auto value = line.find("0x");
    if (!bank || value == std::string::npos) continue;
    const auto octets = from_hex(std::string_view(line).substr(value + 2));
    ASSERT_TRUE(octets);
    const auto number = static_cast<std::uint32_t>(std::stoul(line));
    const std::array<ExpectedRegister, 1> expected = {{{number, *octets}}};
    EXPECT_EQ(compare(*replay(*log, Registers::kPcr, *bank), expected)[0].outcome,
              Outcome::kMatches)
        << line;
    ++compared;
  }
  EXPECT_EQ(compared, 36U);

  std::istringstream console(test::read_text(folder / "boot-console.txt"));
  const auto replayed = replay(*log, Registers::kPcr, Algorithm::kSha256);
  std::map<std::uint32_t, Outcome> outcomes;
  for (std::string line; std::getline(console, line);) {
    std::istringstream words(line);
    std::string name;
    std::string value;
    if (!(words >> name >> value) || !name.starts_with("PCR")) continue;
    const auto number = static_cast<std::uint32_t>(std::stoul(name.substr(3)));
    const auto octets = from_hex(value);
    ASSERT_TRUE(octets);
    const std::array<ExpectedRegister, 1> expected = {{{number, *octets}}};
    outcomes[number] = compare(*replayed, expected)[0].outcome;
  }
  ASSERT_EQ(outcomes.size(), 9U);
  for (const auto& [number, outcome] : outcomes) {
    Outcome want = Outcome::kMatches;
    if (number == 8) want = Outcome::kUntouched;
    if (number == 10) want = Outcome::kNotLogged;  // the running kernel's own (IMA)
    EXPECT_EQ(outcome, want) << number;
  }
}

// A protobuf message's fields of length-delimited and of integer kind, as far as this test needs.
struct Field {
  std::uint64_t number = 0;
  std::uint64_t integer = 0;
  Bytes octets;
};

bool read_varint(Reader& r, std::uint64_t& out) {
  out = 0;
  std::uint8_t octet = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (!r.u8(octet)) return false;
    out |= std::uint64_t{octet & 0x7fU} << shift;
    if (octet < 0x80) return true;
  }
  return false;
}

std::vector<Field> fields_of(Bytes message) {
  std::vector<Field> out;
  Reader r(message);
  std::uint64_t key = 0;
  while (read_varint(r, key)) {
    Field field{.number = key >> 3U};
    if (!read_varint(r, field.integer)) break;
    if ((key & 7U) == 2 && !r.bytes(field.integer, field.octets)) break;
    out.push_back(field);
  }
  return out;
}

// go-tpm-tools' Attestation: quotes (2) with their PCRs (3: hash 1, map 2), and the event log (3).
TEST(TcgVectors, ARecordedQuoteOfGoogleCloudMatchesItsLog) {
  WARD_NEED_VECTORS();
  const Buffer raw = vector_file("tpm/go-tpm-tools_gce-cos-85-nonce9009.pb");
  std::optional<EventLog> log;
  for (const Field& field : fields_of(raw)) {
    if (field.number != 3) continue;
    const auto parsed = parse_event_log(field.octets);
    ASSERT_TRUE(parsed);
    log = *parsed;
  }
  ASSERT_TRUE(log);
  std::size_t matches = 0;
  for (const Field& quote : fields_of(raw)) {
    if (quote.number != 2) continue;
    for (const Field& pcrs : fields_of(quote.octets)) {
      if (pcrs.number != 3) continue;
      std::optional<Algorithm> bank;
      for (const Field& field : fields_of(pcrs.octets)) {
        if (field.number == 1) bank = known_algorithm(static_cast<std::uint16_t>(field.integer));
        if (field.number != 2) continue;
        std::uint32_t number = 0;
        Bytes value;
        for (const Field& entry : fields_of(field.octets)) {
          if (entry.number == 1) number = static_cast<std::uint32_t>(entry.integer);
          if (entry.number == 2) value = entry.octets;
        }
        ASSERT_TRUE(bank);
        if (!log->has(*bank)) continue;
        const auto replayed = replay(*log, Registers::kPcr, *bank);
        ASSERT_TRUE(replayed);
        const std::array<ExpectedRegister, 1> expected = {{{number, value}}};
        const Outcome outcome = compare(*replayed, expected)[0].outcome;
        EXPECT_TRUE(outcome == Outcome::kMatches || outcome == Outcome::kUntouched ||
                    (outcome == Outcome::kNotLogged && number > 9))
            << to_text(*bank) << " " << number << " " << to_text(outcome);
        matches += outcome == Outcome::kMatches ? 1 : 0;
      }
    }
  }
  EXPECT_GE(matches, 20U);
}

}  // namespace
}  // namespace ward::tcg
