#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pki/certificate.h"
#include "tee/snp/product.h"

namespace ward::snp {

// VekExtensions is what AMD's extensions say in the certificate of a versioned endorsement key
// (AMD 57230, VCEK Certificate, Custom Extensions: arcs under 1.3.6.1.4.1.3704.1).
struct VekExtensions {
  std::uint8_t struct_version = 0;         // .1: 0, for Turin 1
  std::string product_name;                // .2: "Milan-B0"
  Tcb tcb;                                 // .3.1 bootloader, .2 TEE, .3 SNP, .8 microcode, .9 FMC
  std::array<std::uint8_t, 4> reserved{};  // .3.4 to .3.7, and 0 where one is not there
  std::optional<Buffer> hwid;              // .4: a VCEK's chip, 64 octets, of Turin 8
  std::optional<std::string> csp_id;       // .5: a VLEK's cloud provider
};

// parse_vek_extensions reads them. kMalformed where structVersion, productName or one of the four
// TCB parts is missing, or a value is not of its type: no part is ever taken for 0. An extension
// that occurs twice is refused with the certificate (pki::parse_certificate).
[[nodiscard]] Result<VekExtensions> parse_vek_extensions(const pki::Certificate& certificate);

// write_vek_extensions is its inverse, in AMD's order; spl_4 is left out for Turin, as AMD does.
[[nodiscard]] std::vector<pki::Extension> write_vek_extensions(const VekExtensions& extensions);

}  // namespace ward::snp
