#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace ward::cli {

// Login is what `ward login` keeps of a person: a token of a provider's, until it expires.
struct Login {
  std::string issuer;
  std::string client_id;
  std::string token;  // a bearer's; text, because a header is
  UnixTime expires;
};

// default_login_file is ward/login.json below XDG_CONFIG_HOME, or below .config of HOME; empty
// where neither is set.
[[nodiscard]] std::string default_login_file();

// read_login reads such a file, which its owner alone may read. The exit code after the line for
// people was written: also where the token has expired by `now`.
[[nodiscard]] Result<Login, int> read_login(const std::string& path, UnixTime now);

// write_login writes it with mode 0600, in place of one that is there, and makes the folder where
// there is none. kUnavailable.
[[nodiscard]] Result<void> write_login(const std::string& path, const Login& login);

}  // namespace ward::cli
