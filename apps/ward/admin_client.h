#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "apps/ward/cli.h"
#include "base/bytes.h"
#include "base/result.h"

namespace ward::cli {

// AdminOptions say which service, and as whom. Every administration command has them.
struct AdminOptions {
  std::string server;      // https://host:port
  std::string admin;       // key file
  std::string server_key;  // SHA-256 of the server's SubjectPublicKeyInfo, hex; or
  std::string ca;          // a file of CA certificates
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
};

// administer connects, proves who asks with a token made for this one call and this one server,
// and brings the reply. Exit codes: 1 the server refuses, or is not the trusted one; 2 the key file
// or an option is wrong; 3 nothing answers, or not now, or there is no such thing or file.
[[nodiscard]] AdminReply administer(const AdminOptions& options, const AdminRequest& request);

}  // namespace ward::cli
