#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "tee/tpm/structures.h"

// The file of PCR values that tpm2_quote writes (-o) and tpm2_checkquote reads (-f).
namespace ward::cli {

// read_tools_pcrs takes either form: the values one behind the other (--pcrs_format values), whose
// number and sizes the selection says, or tpm2-tools' own (serialized): a TPML_PCR_SELECTION and
// lists of at most eight values as they lie in memory, little-endian. nullopt for neither, and
// where the file's selection is not that of the quote.
[[nodiscard]] std::optional<std::vector<Buffer>> read_tools_pcrs(
    Bytes file, const std::vector<tpm::PcrSelection>& selection);

// write_tools_pcrs writes tpm2-tools' own form.
[[nodiscard]] Buffer write_tools_pcrs(const std::vector<Buffer>& values,
                                      const std::vector<tpm::PcrSelection>& selection);

}  // namespace ward::cli
