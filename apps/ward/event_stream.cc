#include "apps/ward/event_stream.h"

#include <array>
#include <charconv>
#include <utility>

#include "net/http/client.h"
#include "net/socket.h"

namespace ward::cli {
namespace {

// The service says something every fifteen seconds.
constexpr int kSilenceMs = 45000;
constexpr std::size_t kMaxRefusal = 64U << 10U;

std::string request_of(const std::string& target, const net::Url& url, const std::string& token,
                       const std::string& last_id) {
  std::string out = "GET " + url.path + target + " HTTP/1.1\r\nHost: " + net::authority(url) +
                    "\r\nAccept: text/event-stream\r\n";
  if (!token.empty()) out += "Authorization: Bearer " + token + "\r\n";
  if (!last_id.empty()) out += "Last-Event-ID: " + last_id + "\r\n";
  return out + "Connection: close\r\n\r\n";
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

Result<EventStream, int> EventStream::open(const AdminOptions& options, const std::string& target,
                                           const std::string& last_id) {
  const auto url = net::parse_https_url(options.server);
  if (!url) return fail(kUsage, options.server + ": " + error_text(url.error()));
  WARD_TRY(AdminStream connection, admin_stream(options, *url, kSilenceMs));
  const std::string request = request_of(target, *url, connection.token, last_id);
  if (const auto sent = connection.stream->write(as_bytes(request)); !sent) {
    return no_connection(options.server, sent.error());
  }
  EventStream out(std::move(connection.stream));
  const auto status = out.head();
  if (!status) return no_connection(options.server, status.error());
  if (*status == 200) return out;
  while (out.buffer_.size() < kMaxRefusal) {
    const auto more = out.fill();
    if (!more || !*more) break;
  }
  return refused_reply(*status, as_bytes(out.buffer_));
}

Result<bool> EventStream::fill() {
  std::array<std::uint8_t, 4096> chunk{};
  WARD_TRY(const std::size_t n, stream_->read(chunk));
  buffer_ += as_text(Bytes(chunk).first(n));
  return n != 0;
}

// head reads up to the empty line and leaves what follows in the buffer.
Result<unsigned> EventStream::head() {
  constexpr std::string_view kEnd = "\r\n\r\n";
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  std::size_t end = std::string::npos;
  while ((end = buffer_.find(kEnd)) == std::string::npos) {
    if (buffer_.size() > kMaxStreamHead) return Error(Errc::kLimit, "event stream: head");
    WARD_TRY(const bool more, fill());
    if (!more) return Error(Errc::kTruncated, "event stream: head");
  }
  unsigned status = 0;
  const bool known = buffer_.starts_with(kVersion);
  const char* const digits = buffer_.data() + kVersion.size();
  if (!known || std::from_chars(digits, digits + 3, status).ptr != digits + 3) {
    return Error(Errc::kMalformed, "event stream: status line");
  }
  buffer_.erase(0, end + kEnd.size());
  return status;
}

Result<std::optional<std::string>> EventStream::line() {
  std::size_t end = std::string::npos;
  while ((end = buffer_.find('\n')) == std::string::npos) {
    if (buffer_.size() > kMaxStreamLine) return Error(Errc::kLimit, "event stream: line");
    WARD_TRY(const bool more, fill());
    if (!more) return std::optional<std::string>();
  }
  std::string out = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return std::optional(std::move(out));
}

Result<std::optional<StreamedEvent>> EventStream::next() {
  constexpr std::string_view kId = "id: ";
  constexpr std::string_view kData = "data: ";
  StreamedEvent out;
  for (;;) {
    WARD_TRY(const auto text, line());
    if (!text) return std::optional<StreamedEvent>();
    if (text->empty() && (!out.id.empty() || !out.data.empty())) return std::optional(out);
    if (text->starts_with(kId)) {
      out.id = text->substr(kId.size());
      if (!is_number(out.id)) return Error(Errc::kMalformed, "event stream: id");
    }
    if (text->starts_with(kData)) out.data = text->substr(kData.size());
  }
}

}  // namespace ward::cli
