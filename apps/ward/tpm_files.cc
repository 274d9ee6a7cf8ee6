#include "apps/ward/tpm_files.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "apps/ward/cli.h"
#include "base/reader.h"
#include "base/writer.h"
#include "codec/json_write.h"

namespace ward::cli {
namespace {

// tss2_tpm2_types.h: TPML_PCR_SELECTION holds 16 entries of hash, size and four octets of selection
// with one of padding; TPML_DIGEST holds eight TPM2B_DIGEST of 2 and 64 octets.
constexpr std::size_t kEntries = 16;
constexpr std::size_t kSelect = 4;
constexpr std::size_t kValues = 8;
constexpr std::size_t kDigest = 64;

std::size_t size_of(const std::vector<tpm::PcrSelection>& selection,
                    std::vector<std::size_t>& all) {
  std::size_t out = 0;
  for (const tpm::PcrSelection& one : selection) {
    for (std::size_t i = 0; i < one.pcrs().size(); ++i) {
      all.push_back(tpm::digest_size_of(one.hash));
      out += all.back();
    }
  }
  return out;
}

bool read_entry(Reader& r, tpm::PcrSelection& out) {
  std::uint8_t size = 0;
  std::uint8_t padding = 0;
  Bytes select;
  if (!r.u16le(out.hash) || !r.u8(size) || size > kSelect || !r.bytes(kSelect, select) ||
      !r.u8(padding)) {
    return false;
  }
  out.select = to_buffer(select.first(size));
  return true;
}

std::optional<std::vector<Buffer>> read_serialized(Bytes file,
                                                   const std::vector<tpm::PcrSelection>& wanted) {
  Reader r(file);
  std::uint32_t count = 0;
  if (!r.u32le(count) || count > kEntries) return std::nullopt;
  std::vector<tpm::PcrSelection> selection(kEntries);
  for (tpm::PcrSelection& one : selection) {
    if (!read_entry(r, one)) return std::nullopt;
  }
  selection.resize(count);
  std::uint32_t lists = 0;
  if (selection != wanted || !r.u32le(lists) || lists > tpm::kMaxBanks * kEntries)
    return std::nullopt;
  std::vector<Buffer> out;
  for (std::uint32_t i = 0; i < lists; ++i) {
    if (!r.u32le(count) || count > kValues) return std::nullopt;
    for (std::uint32_t j = 0; j < kValues; ++j) {
      std::uint16_t size = 0;
      Bytes value;
      if (!r.u16le(size) || size > kDigest || !r.bytes(kDigest, value)) return std::nullopt;
      if (j < count) out.push_back(to_buffer(value.first(size)));
    }
  }
  return r.empty() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

namespace {

// Two names of one file: the second would replace the first.
const std::string* named_twice(const std::vector<TpmFile>& files) {
  std::set<std::filesystem::path> seen;
  for (const TpmFile& one : files) {
    std::error_code ignored;
    const auto whole = std::filesystem::absolute(*one.path, ignored).lexically_normal();
    if (!seen.insert(whole).second) return one.path;
  }
  return nullptr;
}

}  // namespace

int write_tpm_files(const std::vector<TpmFile>& files, bool force) {
  if (const std::string* twice = named_twice(files)) {
    return fail(kUsage, *twice + ": two files of this name", "give each a name of its own");
  }
  std::vector<OutputFile> made;
  std::vector<OutputFile*> all;
  made.reserve(files.size());
  for (const TpmFile& one : files) {
    auto file = OutputFile::create(*one.path, one.readers);
    const auto done = file ? file->write(one.octets) : Result<void>(file.error());
    if (!done) return fail(kCouldNotTell, *one.path + ": " + error_text(done.error()));
    all.push_back(&made.emplace_back(*std::move(file)));
  }
  const auto done = commit_together(all, force);
  if (done) return kAccepted;
  if (done.error().error.code() == Errc::kDenied)
    return fail(kUsage, done.error().path + ": exists already", "--force replaces it");
  return fail(kCouldNotTell, done.error().path + ": " + error_text(done.error().error));
}

int say_tpm(const TpmSaid& said, bool json) {
  if (!json) {
    if (!said.next.empty()) {
      (void)std::fprintf(stderr, "ward: next: %s\n", for_terminal(said.next).c_str());
    }
    return said.text.empty() ? kAccepted : print(said.text);
  }
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.tpm/1").member("command", said.command);
  w.name("files").begin_object();
  for (const auto& [role, path] : said.files) {
    w.member(role, path);
  }
  w.end_object();
  for (const auto& [name, value] :
       {std::pair("ak_name", &said.ak_name), {"tpm", &said.tpm}, {"next", &said.next}}) {
    w.member(name, value->empty() ? std::nullopt : std::optional(*value));
  }
  w.name("revocation_unread").begin_array();
  for (const std::string& issuer : said.unlisted) {
    w.string(issuer);
  }
  const auto text = w.end_array().end_object().take();
  return text ? print(*text + '\n') : fail(kCouldNotTell, error_text(text.error()));
}

std::optional<std::vector<Buffer>> read_tools_pcrs(
    Bytes file, const std::vector<tpm::PcrSelection>& selection) {
  std::vector<std::size_t> sizes;
  if (size_of(selection, sizes) != file.size()) return read_serialized(file, selection);
  std::vector<Buffer> out;
  for (const std::size_t size : sizes) {
    out.push_back(to_buffer(file.first(size)));
    file = file.subspan(size);
  }
  return out;
}

Buffer write_tools_pcrs(const std::vector<Buffer>& values,
                        const std::vector<tpm::PcrSelection>& selection) {
  Writer w;
  w.u32le(static_cast<std::uint32_t>(selection.size()));
  for (std::size_t i = 0; i < kEntries; ++i) {
    const tpm::PcrSelection one =
        i < selection.size() ? selection[i] : tpm::PcrSelection{.hash = 0, .select = {}};
    w.u16le(one.hash);
    w.u8(static_cast<std::uint8_t>(one.select.size()));
    w.bytes(one.select);
    w.zeros(kSelect - one.select.size() + 1);
  }
  w.u32le(static_cast<std::uint32_t>((values.size() + kValues - 1) / kValues));
  for (std::size_t at = 0; at < values.size(); at += kValues) {
    const std::size_t count = std::min(kValues, values.size() - at);
    w.u32le(static_cast<std::uint32_t>(count));
    for (std::size_t i = 0; i < kValues; ++i) {
      const Bytes value = i < count ? Bytes(values[at + i]) : Bytes();
      w.u16le(static_cast<std::uint16_t>(value.size()));
      w.bytes(value);
      w.zeros(kDigest - value.size());
    }
  }
  return w.take();
}

}  // namespace ward::cli
