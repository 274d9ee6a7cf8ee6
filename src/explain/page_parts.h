#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "explain/explanation.h"
#include "explain/groups.h"
#include "explain/html.h"
#include "explain/page.h"

// The page's sections, each written by one function.
namespace ward::explain {

// Tree is how the materials hang together by the signatures and digests that hold: what vouches for
// what. A material of which one does not hold hangs on nothing.
struct Tree {
  struct Node {
    std::optional<std::size_t> parent;          // the material that vouches for it
    const attest::SignatureFact* by = nullptr;  // with which signature; null: by a digest in it
    std::vector<std::size_t> children;
  };

  std::vector<Node> nodes;         // of the materials, by index; extracts hang on nothing
  std::vector<std::size_t> tops;   // roots whose key is a known one
  std::vector<std::size_t> apart;  // all else that hangs on nothing
  std::vector<bool> known;         // of a material: it is a root whose key is a known one
  std::vector<bool> broken;        // of a material: a signature or digest of it does not hold
  std::vector<std::size_t>
      owner;  // of an extract: the material that it was taken from; else itself
};

[[nodiscard]] Tree tree_of(const attest::Work& work);

// The marks that stand before words: no outcome is told by colour alone.
enum class Mark : std::uint8_t { kGood, kBad, kOpen };

void write_mark(Html& html, Mark mark);

// write_row is a row of a <dl>; nothing where the text is empty.
void write_row(Html& html, const char* name, std::string_view text);
void write_code_row(Html& html, const char* name, std::string_view text);

void write_verdict(Html& html, const Explanation& e, const PageFacts& facts);
void write_problems(Html& html, const Explanation& e);
void write_tree(Html& html, const Explanation& e, const PageFacts& facts, const Tree& tree);
void write_again(Html& html, const Explanation& e, const Tree& tree);
void write_attacks_section(Html& html, const Explanation& e);
void write_checks_section(Html& html, const Explanation& e);
void write_claims_section(Html& html, const Explanation& e);

// material_title is a material's title, or what stands for it where it has none.
[[nodiscard]] std::string material_title(const attest::Material& material);

// data_json is what the page's script verifies: materials, signatures, digests.
[[nodiscard]] Result<std::string> data_json(const attest::Work& work);

// The page's style and script, as they stand in src/explain/page/.
[[nodiscard]] std::string_view page_style();
[[nodiscard]] std::string_view page_script();

}  // namespace ward::explain
