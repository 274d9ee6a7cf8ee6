#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "tee/soft/amd.h"
#include "tee/soft/quoting_enclave.h"

namespace ward::soft {

// Face is one kind of evidence that a development platform gives for a keep: the form of Intel's
// quote, or AMD's report and who signs it.
struct Face {
  const char* name;  // "tdx-v5-1.5"; on the command line "soft-" stands before it
  const char* text;  // one line for people
  const char* tee;   // what the KBS protocol calls the TEE: "sgx", "tdx" or "snp"
  std::variant<QuoteForm, AmdFace> form;
};

// faces lists all, the usual one of each TEE first. Static.
[[nodiscard]] std::span<const Face> faces();

// find_face is the face of this name, without "soft-" before it; nullptr for another. Static.
[[nodiscard]] const Face* find_face(std::string_view name);

}  // namespace ward::soft
