#include "tee/snp/product.h"

#include <algorithm>

namespace ward::snp {
namespace {

// Where a TCB version's parts stand.
struct Places {
  std::optional<std::size_t> fmc;
  std::size_t bootloader;
  std::size_t tee;
  std::size_t snp;
  std::size_t microcode;
  std::size_t reserved_from;
  std::size_t reserved_to;
};

Places places(Line line) {
  if (line == Line::kTurin) {
    return {.fmc = 0,
            .bootloader = 1,
            .tee = 2,
            .snp = 3,
            .microcode = 7,
            .reserved_from = 4,
            .reserved_to = 7};
  }
  return {.fmc = std::nullopt,
          .bootloader = 0,
          .tee = 1,
          .snp = 6,
          .microcode = 7,
          .reserved_from = 2,
          .reserved_to = 6};
}

}  // namespace

const char* line_name(Line line) {
  switch (line) {
    case Line::kMilan:
      return "Milan";
    case Line::kGenoa:
      return "Genoa";
    case Line::kTurin:
      return "Turin";
  }
  return "Milan";
}

std::optional<Product> product_of(const Cpuid& cpuid) {
  const unsigned high = cpuid.model >> 4U;
  if (cpuid.family == 0x19) {
    if (high == 0) return Product{Line::kMilan, "Milan"};
    if (high == 1) return Product{Line::kGenoa, "Genoa"};
    if (high == 0xa) return Product{Line::kGenoa, "Bergamo or Siena"};
  }
  if (cpuid.family == 0x1a && high <= 1) return Product{Line::kTurin, "Turin"};
  return std::nullopt;
}

std::vector<std::string> product_names(const std::optional<Cpuid>& cpuid, Line line) {
  std::vector<std::string> out{line_name(line)};
  if (line != Line::kGenoa) return out;
  const auto product = cpuid ? product_of(*cpuid) : std::nullopt;
  // Genoa's own model is Genoa; the other model is Bergamo or Siena, which CPUID does not tell.
  if (product && product->name == std::string_view(line_name(line))) return out;
  out.insert(out.end(), {"Bergamo", "Siena"});
  return out;
}

std::optional<Line> line_of_name(std::string_view product_name) {
  const std::string_view name = product_name.substr(0, product_name.find('-'));
  if (name == "Milan") return Line::kMilan;
  if (name == "Genoa" || name == "Bergamo" || name == "Siena") return Line::kGenoa;
  if (name == "Turin") return Line::kTurin;
  return std::nullopt;
}

Tcb read_tcb(Bytes octets, Line line) {
  const Places p = places(line);
  Tcb out{
      .bootloader = octets[p.bootloader],
      .tee = octets[p.tee],
      .snp = octets[p.snp],
      .microcode = octets[p.microcode],
      .reserved_zero = all_zero(octets.subspan(p.reserved_from, p.reserved_to - p.reserved_from))};
  if (p.fmc) out.fmc = octets[*p.fmc];
  return out;
}

std::array<std::uint8_t, 8> write_tcb(const Tcb& tcb, Line line) {
  const Places p = places(line);
  std::array<std::uint8_t, 8> out{};
  if (p.fmc) out.at(*p.fmc) = tcb.fmc.value_or(0);
  out.at(p.bootloader) = tcb.bootloader;
  out.at(p.tee) = tcb.tee;
  out.at(p.snp) = tcb.snp;
  out.at(p.microcode) = tcb.microcode;
  return out;
}

bool reaches(const Tcb& a, const Tcb& b) {
  return a.fmc.value_or(0) >= b.fmc.value_or(0) && a.bootloader >= b.bootloader && a.tee >= b.tee &&
         a.snp >= b.snp && a.microcode >= b.microcode;
}

std::string tcb_text(const Tcb& tcb) {
  std::string out;
  if (tcb.fmc) out += "fmc " + std::to_string(*tcb.fmc) + " ";
  return out + "bootloader " + std::to_string(tcb.bootloader) + " tee " + std::to_string(tcb.tee) +
         " snp " + std::to_string(tcb.snp) + " microcode " + std::to_string(tcb.microcode);
}

}  // namespace ward::snp
