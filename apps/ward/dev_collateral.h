#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/exchange.h"

namespace ward::cli {

// DevCollateral answers for a development platform's public documents as the makers' services do:
// Intel's (PCCS API, /sgx/certification/v4 and /tdx/certification/v4) and AMD's (Key Distribution
// Service, AMD 57230: /vcek/v1 and /vlek/v1). Immutable: safe from several threads.
class DevCollateral {
 public:
  // load reads the collateral/ of the folder that `ward dev init` wrote; nothing of its device/ or
  // ca/. The text says which file is missing or is not what it should be.
  static Result<DevCollateral, std::string> load(const std::string& dir);

  // answer serves GET alone: 405 for other methods, 404 for what this platform has not, and 400 for
  // a parameter that is missing, unknown or malformed. `/` lists the addresses.
  [[nodiscard]] protocol::HttpResponse answer(const protocol::HttpRequest& request) const;

 private:
  using Parameters = std::map<std::string, std::string, std::less<>>;

  // Parameter is what an address takes behind its "?".
  struct Parameter {
    std::string name;
    bool required = true;
    // Says of a value whether it is well-formed, and whether it asks for what there is.
    std::function<bool(std::string_view)> well_formed;
    std::function<bool(std::string_view)> fits;
    std::string example;  // empty: not shown in the list
  };

  struct Entry {
    std::vector<Parameter> parameters;
    std::function<protocol::HttpResponse(const Parameters&)> reply;
  };

  // Face is what SGX and TDX have each of their own: the first part of their addresses, and files.
  struct Face {
    const char* path;
    const char* tcb_info;
    const char* identity;
  };

  Result<void, std::string> add_intel(const std::string& folder);
  Result<void, std::string> add_face(const std::string& folder, const Face& face,
                                     const std::string& signing_chain);
  Result<void, std::string> add_amd(const std::string& folder);
  [[nodiscard]] protocol::HttpResponse list() const;

  std::map<std::string, Entry, std::less<>> entries_;  // by path
};

}  // namespace ward::cli
