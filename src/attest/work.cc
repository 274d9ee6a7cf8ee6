#include "attest/work.h"

#include <algorithm>

namespace ward::attest {

const char* to_text(MaterialKind kind) {
  switch (kind) {
    case MaterialKind::kEvidence:
      return "evidence";
    case MaterialKind::kCertificate:
      return "certificate";
    case MaterialKind::kRevocationList:
      return "revocation list";
    case MaterialKind::kDocument:
      return "document";
    case MaterialKind::kExtract:
      return "extract";
  }
  return "document";
}

std::size_t Work::add(Material material) {
  const auto known = std::ranges::find_if(materials, [&](const Material& m) {
    return m.kind == material.kind && m.bytes == material.bytes;
  });
  if (known != materials.end()) return static_cast<std::size_t>(known - materials.begin());
  materials.push_back(std::move(material));
  return materials.size() - 1;
}

std::optional<Part> Work::part(std::size_t material, Bytes octets) const {
  const Buffer& all = materials.at(material).bytes;
  const auto at = std::search(all.begin(), all.end(), octets.begin(), octets.end());
  if (octets.empty() || at == all.end()) return std::nullopt;
  return Part{material, static_cast<std::size_t>(at - all.begin()), octets.size()};
}

Part Work::part_or_extract(std::size_t material, Bytes octets, const std::string& title) {
  if (auto found = part(material, octets)) return *found;
  const Material& from = materials.at(material);
  const std::size_t extract = add({.kind = MaterialKind::kExtract,
                                   .object = from.object,
                                   .title = title,
                                   .name = from.name,
                                   .bytes = to_buffer(octets)});
  return {extract, 0, octets.size()};
}

Bytes Work::bytes(const Part& part) const {
  return Bytes(materials.at(part.material).bytes).subspan(part.offset, part.size);
}

std::string object_of(const CheckInfo& check) {
  const std::string_view id = check.id;
  const std::size_t first = id.find('.');
  const std::size_t last = id.rfind('.');
  if (first == std::string_view::npos || last <= first) return std::string(id);
  return std::string(id.substr(first + 1, last - first - 1));
}

}  // namespace ward::attest
