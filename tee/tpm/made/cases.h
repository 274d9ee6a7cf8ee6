#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tee/tpm/made/stage.h"

namespace ward::tpm::stage {

// Scene is a stage with what is expected of it and how it is judged.
struct Scene {
  Stage stage;
  attest::Policy policy{.name = "test", .allow_development = true};
  attest::Expectations expected;
  bool root_of_hardware = false;  // what the relying party takes the root for
  Buffer attest;                  // signed in the quote's place, where it is not empty
};

// Case is a quote that is wrong in one fact. Ids are without the TEE's name.
struct Case {
  std::string name;
  std::string id;        // of the check that it fails, or leaves open
  bool open = false;     // it is left open: something is absent
  std::size_t face = 0;  // of kFaces
  bool vector = true;    // it can be shown by octets alone, under a development root
  std::function<void(Scene&)> before = [](Scene&) {};
  std::function<void(Made&)> after = [](Made&) {};
  std::function<void(Buffer&)> octets = [](Buffer&) {};
};

[[nodiscard]] const std::vector<Case>& all_cases();

[[nodiscard]] Scene good_scene(const Face& face);

// Staged is what a verifier gets of a case.
struct Staged {
  Scene scene;
  Buffer evidence;
  attest::Collateral documents;
};

[[nodiscard]] Staged play(const Case& c);

}  // namespace ward::tpm::stage
