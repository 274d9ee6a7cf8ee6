#include "keep/output_channel.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <unistd.h>

#include "keep/fd.h"

namespace ward::keep {
namespace {

class MemorySink final : public OutputSink {
 public:
  Result<void> begin(const std::string& name) override {
    text += "<" + name + ">";
    return {};
  }

  Result<void> data(Bytes octets) override {
    text += as_text(octets);
    return {};
  }

  Result<void> end() override {
    text += "</>";
    return {};
  }

  std::string text;
};

Manifest two_outputs() {
  Manifest out;
  out.outputs = {{.name = "a", .receiver = {}}, {.name = "b", .receiver = {}}};
  return out;
}

// Pipe holds what is written to it; short enough never to block.
struct Pipe {
  Pipe() {
    int fds[2];
    EXPECT_EQ(::pipe(fds), 0);
    read.reset(fds[0]);
    write.reset(fds[1]);
  }

  UniqueFd read;
  UniqueFd write;
};

Result<RunReport> read_back(Pipe& pipe, MemorySink& sink, std::uint64_t max = 1000) {
  pipe.write.reset();
  return read_outputs(pipe.read.get(), two_outputs(), max, sink);
}

constexpr Ending kAll[] = {Ending::kDone,
                           Ending::kWorkloadFailed,
                           Ending::kWorkloadKilled,
                           Ending::kTimeLimit,
                           Ending::kWorkloadNotStarted,
                           Ending::kBrokerRefused,
                           Ending::kBrokerUnreachable,
                           Ending::kBrokerUntrusted,
                           Ending::kLeaseRefused,
                           Ending::kLeaseExpired,
                           Ending::kInputRefused,
                           Ending::kOutputMissing,
                           Ending::kIsolationIncomplete,
                           Ending::kInternal};

TEST(OutputChannel, outputs_and_report_arrive) {
  Pipe pipe;
  OutputWriter writer(pipe.write.get());
  const RunReport report{.ending = Ending::kDone,
                         .status = 0,
                         .subject = "s",
                         .detail = "d",
                         .left_behind = 2,
                         .milliseconds = 3,
                         .renewals = 4,
                         .key_memory = SecretMemory::kSecret};
  ASSERT_TRUE(writer.begin("a"));
  ASSERT_TRUE(writer.data(as_bytes("one")));
  ASSERT_TRUE(writer.data(as_bytes("two")));
  ASSERT_TRUE(writer.end());
  ASSERT_TRUE(writer.begin("b"));
  ASSERT_TRUE(writer.end());
  ASSERT_TRUE(writer.report(report));
  MemorySink sink;
  auto read = read_back(pipe, sink);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, report);
  EXPECT_EQ(sink.text, "<a>onetwo</><b></>");
}

TEST(OutputChannel, every_ending_has_its_own_word) {
  for (const Ending ending : kAll) {
    auto octets = write_report({.ending = ending});
    ASSERT_TRUE(octets);
    auto report = parse_report(*octets);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->ending, ending);
  }
}

TEST(OutputChannel, a_stream_without_its_report_is_truncated) {
  Pipe pipe;
  OutputWriter writer(pipe.write.get());
  ASSERT_TRUE(writer.begin("a"));
  ASSERT_TRUE(writer.end());
  MemorySink sink;
  auto read = read_back(pipe, sink);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::kTruncated);
}

TEST(OutputChannel, an_output_without_its_end_is_truncated) {
  Pipe pipe;
  OutputWriter writer(pipe.write.get());
  ASSERT_TRUE(writer.begin("a"));
  ASSERT_TRUE(writer.report({}));
  MemorySink sink;
  auto read = read_back(pipe, sink);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::kTruncated);
}

TEST(OutputChannel, names_that_the_manifest_does_not_have_are_refused) {
  for (const char* name : {"c", "../a", "/etc/passwd", ""}) {
    Pipe pipe;
    ASSERT_TRUE(OutputWriter(pipe.write.get()).begin(name));
    MemorySink sink;
    auto read = read_back(pipe, sink);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), Errc::kMalformed) << name;
    EXPECT_EQ(sink.text, "");
  }
}

TEST(OutputChannel, an_output_comes_once) {
  Pipe pipe;
  OutputWriter writer(pipe.write.get());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(writer.begin("a"));
    ASSERT_TRUE(writer.end());
  }
  MemorySink sink;
  auto read = read_back(pipe, sink);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::kMalformed);
}

TEST(OutputChannel, octets_beyond_the_limit_are_refused) {
  for (const std::uint64_t max : {6U, 5U}) {
    Pipe pipe;
    OutputWriter writer(pipe.write.get());
    ASSERT_TRUE(writer.begin("a"));
    ASSERT_TRUE(writer.data(as_bytes("abc")));
    ASSERT_TRUE(writer.data(as_bytes("def")));
    ASSERT_TRUE(writer.end());
    ASSERT_TRUE(writer.report({}));
    MemorySink sink;
    auto read = read_back(pipe, sink, max);
    EXPECT_EQ(read.has_value(), max == 6);
    if (!read) {
      EXPECT_EQ(read.error().code(), Errc::kLimit);
    }
  }
}

TEST(OutputChannel, a_frame_beyond_the_limit_is_refused_before_it_is_read) {
  Pipe pipe;
  const std::uint8_t head[] = {'D', 0x01, 0x00, 0x10, 0x00};
  ASSERT_EQ(::write(pipe.write.get(), head, sizeof head), 5);
  MemorySink sink;
  auto read = read_back(pipe, sink);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::kLimit);
}

TEST(OutputChannel, unknown_frames_and_octets_of_no_output_are_refused) {
  for (const std::uint8_t kind : std::initializer_list<std::uint8_t>{0x58, 0x44, 0x45}) {
    Pipe pipe;
    const std::uint8_t head[] = {kind, 0, 0, 0, 0};
    ASSERT_EQ(::write(pipe.write.get(), head, sizeof head), 5);
    MemorySink sink;
    auto read = read_back(pipe, sink);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), Errc::kMalformed) << kind;
  }
}

TEST(OutputChannel, done_without_every_output_is_malformed) {
  for (const Ending ending : kAll) {
    Pipe pipe;
    OutputWriter writer(pipe.write.get());
    ASSERT_TRUE(writer.begin("a"));
    ASSERT_TRUE(writer.end());
    ASSERT_TRUE(writer.report({.ending = ending}));
    MemorySink sink;
    const auto read = read_back(pipe, sink);
    EXPECT_EQ(read.has_value(), ending != Ending::kDone) << to_text(ending);
    if (!read) {
      EXPECT_EQ(read.error().code(), Errc::kMalformed);
    }
  }
}

TEST(OutputChannel, text_that_is_not_utf8_is_refused) {
  RunReport report;
  report.detail = "detail";
  auto octets = write_report(report);
  ASSERT_TRUE(octets);
  const std::string_view word = "detail";  // the member's name, then its value
  auto at = std::search(octets->rbegin(), octets->rend(), word.rbegin(), word.rend());
  ASSERT_NE(at, octets->rend());
  *at = 0xff;
  const auto read = parse_report(*octets);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::kMalformed);
}

TEST(OutputChannel, what_is_written_is_utf8) {
  RunReport report;
  report.detail = "a\xff\xc3\xa4\xc3";
  const auto octets = write_report(report);
  ASSERT_TRUE(octets);
  const auto read = parse_report(*octets);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->detail, "a?\xc3\xa4?");
}

TEST(OutputChannel, long_texts_are_cut_at_a_character) {
  RunReport report;
  report.detail = std::string(kMaxReportText - 1, 'x') + "\xc3\xa4";
  auto octets = write_report(report);
  ASSERT_TRUE(octets);
  auto read = parse_report(*octets);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->detail.size(), kMaxReportText - 1);
}

TEST(OutputChannel, a_report_is_refused_at_every_shorter_length) {
  auto octets = write_report({.ending = Ending::kDone});
  ASSERT_TRUE(octets);
  for (std::size_t n = 0; n < octets->size(); ++n) {
    auto report = parse_report(Bytes(*octets).first(n));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), Errc::kTruncated) << n;
  }
}

}  // namespace
}  // namespace ward::keep
