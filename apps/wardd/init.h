#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/rng.h"

namespace ward::wardd {

struct InitOptions {
  std::string folder;
  std::string name = "wardd";
  std::string listen = "127.0.0.1:8443";
  std::string token_algorithm = "ES256";                     // of results: server::kTokenAlgorithms
  std::vector<std::string> hosts{"localhost", "127.0.0.1"};  // of the TLS certificate
};

// Made is what a person must know of a new service.
struct Made {
  std::string config;
  std::string admin_key;     // file
  std::string server_spki;   // SHA-256, hex: what clients pin
  std::string token_key_id;  // thumbprint
  std::string ledger_key;    // text form of the NoteKey
};

// initialise makes a new folder with master key, TLS identity, token key, ledger key, the first
// administrator's key, and a configuration: every secret is drawn from `rng`, every file is for the
// owner only. The folder appears whole or not at all. kStale where it exists; kUnavailable: no
// room, no permission.
[[nodiscard]] Result<Made> initialise(const InitOptions& options, UnixTime now, crypto::Rng& rng);

}  // namespace ward::wardd
