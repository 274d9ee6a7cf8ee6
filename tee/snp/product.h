#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace ward::snp {

// Line is a product line of AMD EPYC: what has a root key of its own. Genoa's is also that of
// Bergamo and Siena.
enum class Line : std::uint8_t { kMilan, kGenoa, kTurin };

// line_name is AMD's word, as it stands in the certificates: "Milan", "Genoa", "Turin".
[[nodiscard]] const char* line_name(Line line);

// Cpuid names a processor (AMD 56860, CPUID_FAM_ID and CPUID_MOD_ID: extended and base together).
struct Cpuid {
  std::uint8_t family = 0;
  std::uint8_t model = 0;
  std::uint8_t stepping = 0;
};

// Product is what CPUID says of a processor.
struct Product {
  Line line;
  const char* name;  // for people and policies: "Milan", "Genoa", "Bergamo or Siena", "Turin"
};

// product_of knows family 19h (models 0 to 0fh, 10h to 1fh, a0h to afh) and 1ah (0 to 1fh); nullopt
// for others, whose root key ward does not know.
[[nodiscard]] std::optional<Product> product_of(const Cpuid& cpuid);

// The names of products that a policy may refuse.
inline constexpr const char* kProductNames[] = {"Milan", "Genoa", "Bergamo", "Siena", "Turin"};

// product_names lists every name that the processor has, its line's among them, or may have:
// without CPUID (report version 2) it may be any product of its line.
[[nodiscard]] std::vector<std::string> product_names(const std::optional<Cpuid>& cpuid, Line line);

// line_of_name reads a certificate's productName: a line's name or Bergamo's or Siena's, with or
// without a stepping behind it ("Milan-B0"); nullopt for others.
[[nodiscard]] std::optional<Line> line_of_name(std::string_view product_name);

// Tcb is a TCB_VERSION taken apart (AMD 56860, TCB_VERSION; Turin's has FMC first).
struct Tcb {
  std::optional<std::uint8_t> fmc;  // Turin
  std::uint8_t bootloader = 0;
  std::uint8_t tee = 0;
  std::uint8_t snp = 0;
  std::uint8_t microcode = 0;
  bool reserved_zero = true;  // the octets without a meaning

  friend bool operator==(const Tcb&, const Tcb&) = default;
};

// read_tcb takes the eight octets of a TCB version of this line apart.
[[nodiscard]] Tcb read_tcb(Bytes octets, Line line);

// write_tcb is its inverse; reserved octets are zero.
[[nodiscard]] std::array<std::uint8_t, 8> write_tcb(const Tcb& tcb, Line line);

// reaches is true where every part of `a` is at least that of `b`.
[[nodiscard]] bool reaches(const Tcb& a, const Tcb& b);

// tcb_text is for people: "fmc 0 bootloader 1 tee 0 snp 2 microcode 71".
[[nodiscard]] std::string tcb_text(const Tcb& tcb);

}  // namespace ward::snp
