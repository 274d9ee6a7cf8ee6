#include "net/http/fetch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "net/http/client.h"
#include "net/tls/context.h"
#include "net/tls/stream.h"

namespace ward::net {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;

}  // namespace

Result<Place> parse_https_place(std::string_view url) {
  if (url.size() > kMaxUrlBytes) return Error(Errc::kLimit, "net.url: size", url.size());
  const bool plain =
      std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
  if (!plain) return Error(Errc::kMalformed, "net.url: characters");
  constexpr std::string_view kScheme = "https://";
  const std::size_t host = url.starts_with(kScheme) ? kScheme.size() : 0;
  const std::size_t end = std::min(url.find_first_of("/?", host), url.size());
  Place out;
  WARD_TRY(out.server, parse_https_url(url.substr(0, end)));
  out.target = url.substr(end);
  if (!out.target.starts_with('/')) out.target.insert(0, "/");
  return out;
}

Result<protocol::HttpResponse> https_fetch(std::string_view url, protocol::HttpRequest request,
                                           const FetchOptions& options) {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  WARD_TRY(const Place place, parse_https_place(url));
  WARD_TRY(const TlsContext context,
           client_context(CaTrust{std::string(options.ca_pem), place.server.host}, options.now));
  const auto end = steady_clock::now() + milliseconds(options.timeout_ms);
  WARD_TRY(const int fd, tcp_connect_fd(place.server.host, place.server.port, options.timeout_ms));
  auto below = socket_transport(fd, [end] {
    const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
    return static_cast<int>(std::max<milliseconds::rep>(left.count(), 0));
  });
  WARD_TRY(auto stream, tls_connect(std::move(below), context, place.server.host));
  const auto exchange =
      http_over(std::move(stream), authority(place.server), {}, options.max_bytes);
  request.target = place.target;
  return exchange->exchange(request);
}

}  // namespace ward::net
