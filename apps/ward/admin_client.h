#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/ward/cli.h"
#include "base/bytes.h"
#include "base/result.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "net/socket.h"
#include "net/tls/stream.h"
#include "protocol/exchange.h"

namespace ward::cli {

// AdminOptions say which service, and as whom. Every administration command has them.
struct AdminOptions {
  std::string server;           // https://host:port, or with /t/ID of a tenant
  std::string admin;            // key file; or
  std::string login;            // what `ward login` wrote
  std::string certificate;      // a TLS client certificate, alone or beside one of these
  std::string certificate_key;  // its key
  std::string server_key;       // SHA-256 of the server's SubjectPublicKeyInfo, hex; or
  std::string ca;               // a file of CA certificates
  bool json = false;
};

void add_admin_options(args::Command& app, AdminOptions& options);

// AdminReply is a body, or the exit code after the one line for people was written.
struct AdminReply {
  int exit = 0;
  Buffer body;
};

// AdminRequest is one call of the administration.
struct AdminRequest {
  std::string_view method;
  std::string target;
  Bytes body;
  std::vector<protocol::Header> headers{};  // beside those that each has
};

// administer connects, proves who asks, and brings the reply: with a token made for this one call
// and this one server, with the token of a sign-in, with a client certificate. Where the options
// name none of them, the person's own sign-in counts (default_login_file). Exit codes: 1 the server
// refuses, or is not the trusted one, or a sign-in has expired; 2 a file of the caller's or an
// option is wrong; 3 nothing answers, or not now, or there is no such thing or file.
[[nodiscard]] AdminReply administer(const AdminOptions& options, const AdminRequest& request);

// AdminStream is a connection to the service, for a reply that does not end.
struct AdminStream {
  std::unique_ptr<net::TlsStream> stream;
  std::string token;  // for the Authorization header; empty: a certificate speaks alone
};

// admin_stream connects and proves who asks, as administer() does; each wait for the service lasts
// at most `silence_ms`. The exit code after the line for people was written.
[[nodiscard]] Result<AdminStream, int> admin_stream(const AdminOptions& options,
                                                    const net::Url& url, int silence_ms);

// no_connection writes the line for people where a connection did not come about; its exit code.
int no_connection(const std::string& server, const Error& error);

// refused_reply writes the line for people about a reply that is no success; its exit code.
int refused_reply(unsigned status, Bytes body);

// form_encode writes a text as a value of a query.
[[nodiscard]] std::string form_encode(std::string_view text);

// list_all asks for `target` page after page, as its answers' `next` say, and hands each page to
// `take`, which is false where the page cannot be read (3). Exit codes besides as administer.
[[nodiscard]] int list_all(const AdminOptions& options, const std::string& target,
                           const std::function<bool(const codec::JsonValue& page)>& take);

// pages is list_all for what is not asked for with GET: `ask` makes the call behind `after`.
[[nodiscard]] int pages(const std::function<AdminReply(const std::string& after)>& ask,
                        const std::function<bool(const codec::JsonValue& page)>& take);

// copy_items writes the members of a list of the page behind what `w` has; false where there is no
// such list.
[[nodiscard]] bool copy_items(const codec::JsonValue& page, std::string_view name,
                              codec::JsonWriter& w);

}  // namespace ward::cli
