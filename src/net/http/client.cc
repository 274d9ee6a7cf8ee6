#include "net/http/client.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/vector_body.hpp>

namespace ward::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

using Parser = http::response_parser<http::vector_body<std::uint8_t>>;

// plain is true for text that cannot end a header line or hide in one.
bool plain(std::string_view text) {
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet >= 0x7f) return false;
  }
  return true;
}

class HttpExchange final : public protocol::Exchange {
 public:
  HttpExchange(std::unique_ptr<protocol::Transport> stream, std::string host, std::string base,
               std::size_t max)
      : stream_(std::move(stream)),
        host_(std::move(host)),
        base_(std::move(base)),
        max_reply_bytes_(max) {}

  Result<protocol::HttpResponse> exchange(const protocol::HttpRequest& request) override {
    if (!stream_) return Error(Errc::kUnavailable, "net.http: the connection has ended");
    WARD_TRY(const std::string head, head_of(request));
    auto reply = send_and_read(request, head);
    if (!reply || !keep_) stream_.reset();
    return reply;
  }

 private:
  Result<std::string> head_of(const protocol::HttpRequest& request) const {
    if (!plain(request.method) || !plain(request.target) ||
        request.target.find(' ') != std::string::npos || !request.target.starts_with('/')) {
      return Error(Errc::kMalformed, "net.http: request line");
    }
    std::string head = request.method + " " + base_ + request.target +
                       " HTTP/1.1\r\nHost: " + host_ +
                       "\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
    for (const auto& [name, value] : request.headers) {
      if (!plain(name) || !plain(value) || name.find_first_of(": ") != std::string::npos) {
        return Error(Errc::kMalformed, "net.http: request header");
      }
      head += name + ": " + value + "\r\n";
    }
    head += "\r\n";
    return head;
  }

  Result<protocol::HttpResponse> send_and_read(const protocol::HttpRequest& request,
                                               const std::string& head) {
    WARD_CHECK_OK(stream_->write(as_bytes(head)));
    WARD_CHECK_OK(stream_->write(request.body));
    Parser parser;
    parser.eager(true);
    parser.body_limit(max_reply_bytes_);
    parser.header_limit(kMaxReplyHeaderBytes);
    WARD_CHECK_OK(read_into(parser));
    keep_ = parser.keep_alive();
    protocol::HttpResponse reply;
    reply.status = parser.get().result_int();
    for (const auto& field : parser.get()) {
      reply.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    reply.body = std::move(parser.get().body());
    return reply;
  }

  Result<void> read_into(Parser& parser) {
    std::array<std::uint8_t, 16384> chunk{};
    for (;;) {
      beast::error_code code;
      while (pending_.size() > 0 && !parser.is_done()) {
        const std::size_t used = parser.put(pending_.data(), code);
        pending_.consume(used);
        if (code == http::error::need_more) break;
        if (code) return parse_error(code);
      }
      if (parser.is_done()) return {};
      WARD_TRY(const std::size_t n, stream_->read(chunk));
      if (n == 0) {
        // The library takes an end before the first octet for a whole reply, with the status 200.
        if (!parser.got_some()) return Error(Errc::kUnavailable, "net.http: no reply came");
        parser.put_eof(code);
        if (code || !parser.is_done()) return Error(Errc::kTruncated, "net.http: reply");
        return {};
      }
      const auto into = pending_.prepare(n);
      std::copy(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(n),
                static_cast<std::uint8_t*>(into.data()));
      pending_.commit(n);
    }
  }

  static Error parse_error(const beast::error_code& code) {
    if (code == http::error::body_limit || code == http::error::header_limit) {
      return {Errc::kLimit, "net.http: reply"};
    }
    return {Errc::kMalformed, "net.http: what answers does not speak HTTP"};
  }

  std::unique_ptr<protocol::Transport> stream_;
  std::string host_;
  std::string base_;
  std::size_t max_reply_bytes_;
  beast::flat_buffer pending_;
  bool keep_ = true;
};

}  // namespace

std::string authority(const Url& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  return (v6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

std::unique_ptr<protocol::Exchange> http_over(std::unique_ptr<protocol::Transport> stream,
                                              std::string host, std::string base,
                                              std::size_t max_reply_bytes) {
  return std::make_unique<HttpExchange>(std::move(stream), std::move(host), std::move(base),
                                        max_reply_bytes);
}

Result<HttpsConnection> https_connect(const Url& url, const ServerTrust& trust, UnixTime now,
                                      int timeout_ms, const ClientIdentity* identity) {
  WARD_TRY(const TlsContext context, client_context(trust, now, identity));
  WARD_TRY(auto below, tcp_connect(url.host, url.port, timeout_ms));
  WARD_TRY(auto stream, tls_connect(std::move(below), context, url.host));
  HttpsConnection out;
  out.spki_sha256 = stream->peer_spki_sha256();
  out.exchange = http_over(std::move(stream), authority(url), url.path);
  return out;
}

}  // namespace ward::net
