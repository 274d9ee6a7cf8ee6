#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace ward::cli {

// DeviceGrant is a sign-in by the OAuth 2.0 device authorization grant (RFC 8628): the person
// opens a page on any device, and this program asks the provider until it is done.
struct DeviceGrant {
  std::string issuer;
  std::string client_id;
  std::string ca_pem;
  std::string audience;  // sent as `resource` (RFC 8707); empty: not sent
  std::string scope;
  bool id_token = false;  // which token is kept
};

// Granted is a token, and when it is over.
struct Granted {
  std::string token;
  UnixTime expires;
};

// run_device_grant does all of it. `show` gets what the person must do, before the wait. The exit
// code after the line for people was written: 1 the person or the provider refuses, or time is
// over; 3 the provider does not answer, or not as it must.
[[nodiscard]] Result<Granted, int> run_device_grant(
    const DeviceGrant& grant, const std::function<void(const std::string& line)>& show);

}  // namespace ward::cli
