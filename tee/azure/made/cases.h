#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tee/azure/made/stage.h"

namespace ward::azure::made {

// Case is evidence that is wrong in one fact. Ids are without the TEE's name.
struct Case {
  std::string name;
  std::string id;        // of the check that it fails, or leaves open
  bool open = false;     // it is left open: something is absent
  std::size_t face = 0;  // of kFaces
  bool vector = true;    // it can be shown by octets alone, under a development root
  std::function<void(Stage&)> before = [](Stage&) {};
  std::function<void(Made&)> after = [](Made&) {};
  std::function<void(Buffer&)> octets = [](Buffer&) {};
};

[[nodiscard]] const std::vector<Case>& all_cases();

// Staged is what a verifier gets of a case.
struct Staged {
  Stage stage;
  Buffer evidence;
  attest::Collateral documents;
};

[[nodiscard]] Staged play(const Case& c);

}  // namespace ward::azure::made
