#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/ward/output_file.h"
#include "base/bytes.h"
#include "tee/tpm/structures.h"

// What the commands below `ward tpm` do with files.
namespace ward::cli {

// TpmFile is one that a command writes. Borrows both.
struct TpmFile {
  const std::string* path;
  Bytes octets;
  OutputFile::Readers readers = OutputFile::Readers::kUmask;
};

// write_tpm_files writes all of them or none; kAccepted, or what fail() returned.
[[nodiscard]] int write_tpm_files(const std::vector<TpmFile>& files, bool force);

// TpmSaid is what such a command did, for people and as JSON (ward.tpm/1). "": not of this command.
struct TpmSaid {
  const char* command;                                     // "challenge"
  std::vector<std::pair<const char*, std::string>> files;  // role and path of each that was written
  std::string text{};                                      // for people, on stdout
  std::string ak_name{};                                   // in hex
  std::string tpm{};                                       // as the EK's certificate names it
  std::vector<std::string> unlisted{};  // issuers of whose revocations nothing was read
  std::string next{};                   // the command that comes next
};

// say_tpm says it; kAccepted, or what fail() returned.
[[nodiscard]] int say_tpm(const TpmSaid& said, bool json);

// The file of PCR values is what tpm2_quote writes (-o) and tpm2_checkquote reads (-f).

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
