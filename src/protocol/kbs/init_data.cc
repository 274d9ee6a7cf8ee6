#include <algorithm>
#include <cctype>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "codec/toml_text.h"
#include "crypto/digest.h"
#include "protocol/kbs/message.h"

namespace ward::protocol::kbs {
namespace {

Diag wrong(const toml::source_region& at, std::string_view path, std::string_view expected) {
  return {.line = at.begin.line,
          .column = at.begin.column,
          .path = "init-data.body: " + std::string(path),
          .expected = std::string(expected)};
}

}  // namespace

Result<Buffer, Diag> init_data_digest(const InitData& init_data) {
  if (init_data.format != "toml") return Diag{1, 1, "init-data.format", "\"toml\""};
  const Bytes body = as_bytes(init_data.body);
  if (const auto at = codec::stray_octet(init_data.body)) {
    return diag_at(body, *at, "init-data.body", "text beyond ASCII in strings and comments alone");
  }
  const toml::parse_result parsed = toml::parse(init_data.body);
  if (!parsed) return wrong(parsed.error().source(), "", parsed.error().description());
  const toml::node* node = parsed.table().get("algorithm");
  if (node == nullptr) return to_buffer(crypto::sha384(body));
  const auto* text = node->as_string();
  std::string name = text != nullptr ? text->get() : "";
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  if (name == "sha256") return to_buffer(crypto::sha256(body));
  if (name == "sha384") return to_buffer(crypto::sha384(body));
  if (name == "sha512") return to_buffer(crypto::sha512(body));
  return wrong(node->source(), "algorithm", "\"sha256\", \"sha384\" or \"sha512\"");
}

}  // namespace ward::protocol::kbs
