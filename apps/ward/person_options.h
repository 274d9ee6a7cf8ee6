#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "codec/json.h"
#include "codec/json_write.h"

namespace ward::args {
class Command;
}  // namespace ward::args

// What an administrator signs in with, as `ward admin add` and `ward tenant add|set` take it.
namespace ward::cli {

// PersonOptions are what was given; "": not given.
struct PersonOptions {
  std::string public_key;  // a file
  std::string issuer;
  std::string subject;
  std::vector<std::string> claim;
  std::string value;
  std::string pinned;  // a file with a certificate whose key is his
  std::string certificate_name;

  [[nodiscard]] bool empty() const;
};

// add_person_options registers them; `options` outlives the parsing.
void add_person_options(args::Command& command, PersonOptions& options);

// write_person_proof writes the member of the object that is open which the service reads. The exit
// code of a mistake: nothing, or more than one thing, to sign in with; a file that holds no key or
// certificate.
[[nodiscard]] Result<void, int> write_person_proof(codec::JsonWriter& w, const PersonOptions& o);

// person_proof_text says what somebody of the service's answer signs in with: ", key ...".
[[nodiscard]] std::string person_proof_text(const codec::JsonValue& person);

}  // namespace ward::cli
