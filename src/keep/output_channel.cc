#include "keep/output_channel.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/reader.h"
#include "base/writer.h"
#include "codec/cbor.h"
#include "codec/cbor_write.h"
#include "keep/frame.h"
#include "keep/text.h"

namespace ward::keep {
namespace {

constexpr std::uint8_t kBegin = 'O';
constexpr std::uint8_t kData = 'D';
constexpr std::uint8_t kEnd = 'E';
constexpr std::uint8_t kReport = 'R';

struct EndingName {
  Ending ending;
  std::string_view text;
};

constexpr std::array<EndingName, 14> kEndings = {
    {{Ending::kDone, "done"},
     {Ending::kWorkloadFailed, "workload_failed"},
     {Ending::kWorkloadKilled, "workload_killed"},
     {Ending::kTimeLimit, "time_limit"},
     {Ending::kWorkloadNotStarted, "workload_not_started"},
     {Ending::kBrokerRefused, "broker_refused"},
     {Ending::kBrokerUnreachable, "broker_unreachable"},
     {Ending::kBrokerUntrusted, "broker_untrusted"},
     {Ending::kLeaseRefused, "lease_refused"},
     {Ending::kLeaseExpired, "lease_expired"},
     {Ending::kInputRefused, "input_refused"},
     {Ending::kOutputMissing, "output_missing"},
     {Ending::kIsolationIncomplete, "isolation_incomplete"},
     {Ending::kInternal, "internal"}}};

// Stream checks the order and the bounds of frames.
class Stream {
 public:
  Stream(const Manifest& manifest, std::uint64_t max_bytes, OutputSink& sink)
      : manifest_(manifest), left_(max_bytes), sink_(sink) {}

  Result<void> take(std::uint8_t kind, Bytes octets) {
    switch (kind) {
      case kBegin:
        return begin(std::string(as_text(octets)));
      case kData:
        return data(octets);
      case kEnd:
        return end(octets);
      default:
        return Error(Errc::kMalformed, "keep.output: frame", kind);
    }
  }

  [[nodiscard]] bool open() const { return open_; }

  [[nodiscard]] bool complete() const { return seen_.size() == manifest_.outputs.size(); }

 private:
  Result<void> begin(const std::string& name) {
    const auto known = std::any_of(manifest_.outputs.begin(), manifest_.outputs.end(),
                                   [&](const OutputEntry& entry) { return entry.name == name; });
    if (open_ || !known || !seen_.insert(name).second) {
      return Error(Errc::kMalformed, "keep.output: name");
    }
    open_ = true;
    return sink_.begin(name);
  }

  Result<void> data(Bytes octets) {
    if (!open_) return Error(Errc::kMalformed, "keep.output: octets of no output");
    if (octets.size() > left_) return Error(Errc::kLimit, "keep.output: size");
    left_ -= octets.size();
    return sink_.data(octets);
  }

  Result<void> end(Bytes octets) {
    if (!open_ || !octets.empty()) return Error(Errc::kMalformed, "keep.output: end");
    open_ = false;
    return sink_.end();
  }

  const Manifest& manifest_;
  std::uint64_t left_;
  OutputSink& sink_;
  std::set<std::string> seen_;
  bool open_ = false;
};

std::optional<std::string> text_of(const codec::CborValue* v) {
  const auto text = v != nullptr ? v->as_text() : std::nullopt;
  if (!text || text->size() > kMaxReportText) return std::nullopt;
  return std::string(*text);
}

std::optional<std::uint32_t> number_of(const codec::CborValue* v) {
  const auto n = v != nullptr ? v->as_uint() : std::nullopt;
  if (!n || *n > 0xffffffffU) return std::nullopt;
  return static_cast<std::uint32_t>(*n);
}

}  // namespace

std::string_view to_text(Ending ending) {
  for (const EndingName& name : kEndings) {
    if (name.ending == ending) return name.text;
  }
  return "internal";
}

Result<void> OutputWriter::frame(std::uint8_t kind, Bytes octets) {
  if (octets.size() > kMaxFrameBytes) return Error(Errc::kLimit, "keep.output: frame");
  Writer head;
  head.u8(kind);
  head.u32le(static_cast<std::uint32_t>(octets.size()));
  WARD_CHECK_OK(write_exact(fd_, head.view()));
  return write_exact(fd_, octets);
}

Result<void> OutputWriter::begin(std::string_view name) { return frame(kBegin, as_bytes(name)); }

Result<void> OutputWriter::data(Bytes octets) {
  while (!octets.empty()) {
    const std::size_t n = std::min(octets.size(), kMaxFrameBytes);
    WARD_CHECK_OK(frame(kData, octets.first(n)));
    octets = octets.subspan(n);
  }
  return {};
}

Result<void> OutputWriter::end() { return frame(kEnd, {}); }

Result<void> OutputWriter::report(const RunReport& report) {
  WARD_TRY(const Buffer octets, write_report(report));
  return frame(kReport, octets);
}

Result<Buffer> write_report(const RunReport& report) {
  codec::CborWriter w;
  w.begin_map().member("ending", to_text(report.ending)).member("status", report.status);
  w.member("subject", valid_text(report.subject, kMaxReportText));
  w.member("detail", valid_text(report.detail, kMaxReportText));
  w.member("left_behind", report.left_behind).member("milliseconds", report.milliseconds);
  w.member("renewals", report.renewals);
  w.member("key_memory", to_text(report.key_memory));
  return w.end_map().take();
}

Result<RunReport> parse_report(Bytes octets) {
  WARD_TRY(const codec::CborValue top, codec::parse_cbor(octets));
  const auto ending = text_of(top.find("ending"));
  const auto subject = text_of(top.find("subject"));
  const auto detail = text_of(top.find("detail"));
  const auto status = number_of(top.find("status"));
  const auto left = number_of(top.find("left_behind"));
  const auto milliseconds = number_of(top.find("milliseconds"));
  const auto renewals = number_of(top.find("renewals"));
  const auto memory = text_of(top.find("key_memory"));
  const auto key_memory = memory ? secret_memory_of(*memory) : std::nullopt;
  const auto known = std::find_if(kEndings.begin(), kEndings.end(), [&](const EndingName& name) {
    return ending && name.text == *ending;
  });
  if (top.members().size() != 8 || known == kEndings.end() || !subject || !detail || !status ||
      !left || !milliseconds || !renewals || !key_memory) {
    return Error(Errc::kMalformed, "keep.output: report");
  }
  return RunReport{.ending = known->ending,
                   .status = *status,
                   .subject = *subject,
                   .detail = *detail,
                   .left_behind = *left,
                   .milliseconds = *milliseconds,
                   .renewals = *renewals,
                   .key_memory = *key_memory};
}

Result<RunReport> read_outputs(int fd, const Manifest& manifest, std::uint64_t max_bytes,
                               OutputSink& sink) {
  Stream stream(manifest, max_bytes, sink);
  Buffer octets;
  while (true) {
    std::array<std::uint8_t, 5> head{};
    WARD_CHECK_OK(read_exact(fd, head));
    Reader r(head);
    std::uint8_t kind = 0;
    std::uint32_t size = 0;
    if (!r.u8(kind) || !r.u32le(size)) return Error(Errc::kTruncated, "keep.output: frame");
    if (size > kMaxFrameBytes) return Error(Errc::kLimit, "keep.output: frame", size);
    octets.resize(size);
    WARD_CHECK_OK(read_exact(fd, octets));
    if (kind != kReport) {
      WARD_CHECK_OK(stream.take(kind, octets));
      continue;
    }
    if (stream.open()) return Error(Errc::kTruncated, "keep.output: an output without its end");
    WARD_TRY(RunReport report, parse_report(octets));
    if (report.ending == Ending::kDone && !stream.complete()) {
      return Error(Errc::kMalformed, "keep.output: done without every output");
    }
    return report;
  }
}

}  // namespace ward::keep
