#include "tee/snp/verify.h"

namespace ward::snp {
namespace {

constexpr const char* kService = "https://kdsintf.amd.com/";

// A report of version 2 does not say which line it is of.
std::string line_path(std::optional<Line> line) {
  return line ? line_name(*line) : "{Milan|Genoa}";
}

std::string service(SigningKey key, std::optional<Line> line) {
  const char* which = key == SigningKey::kVlek ? "vlek" : "vcek";
  return std::string(kService) + which + "/v1/" + line_path(line);
}

}  // namespace

std::string vcek_address(const Report& report, std::optional<Line> line) {
  constexpr std::size_t kTurinChip = 8;
  const Tcb tcb = read_tcb(report.get<report::ReportedTcb>(), line.value_or(Line::kMilan));
  const Bytes chip = report.get<report::ChipId>();
  std::string out = service(SigningKey::kVcek, line) + "/" +
                    to_hex(line == Line::kTurin ? chip.first(kTurinChip) : chip) + "?";
  if (tcb.fmc) out += "fmcSPL=" + std::to_string(*tcb.fmc) + "&";
  return out + "blSPL=" + std::to_string(tcb.bootloader) + "&teeSPL=" + std::to_string(tcb.tee) +
         "&snpSPL=" + std::to_string(tcb.snp) + "&ucodeSPL=" + std::to_string(tcb.microcode);
}

std::string chain_address(SigningKey key, std::optional<Line> line) {
  return service(key, line) + "/cert_chain";
}

std::string crl_address(SigningKey key, std::optional<Line> line) {
  return service(key, line) + "/crl";
}

}  // namespace ward::snp
