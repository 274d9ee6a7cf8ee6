#include "keep/measure.h"

#include <limits>

#include "codec/cbor.h"
#include "codec/cbor_write.h"
#include "keep/runtime.h"

namespace ward::keep {
namespace {

using codec::CborValue;
using codec::CborWriter;

constexpr std::uint64_t kCanonicalVersion = 1;
constexpr const char* kNoNetwork = "none";

void write_files(CborWriter& w, const MeasuredRoot& root) {
  w.name("files").begin_array();
  for (const MeasuredFile& file : root.files) {
    w.begin_array().text(file.path).uint(static_cast<std::uint16_t>(file.mode));
    w.bytes(file.sha256).uint(file.size_bytes).end_array();
  }
  w.end_array().name("links").begin_array();
  for (const LinkEntry& link : root.links) {
    w.begin_array().text(link.path).text(link.target).end_array();
  }
  w.end_array();
}

void write_data(CborWriter& w, const Manifest& manifest) {
  w.name("inputs").begin_array();
  for (const InputEntry& input : manifest.inputs) {
    w.begin_map().member("name", input.name).member("resource", input.resource);
    w.member("file_id", input.file_id).end_map();
  }
  w.end_array().name("outputs").begin_array();
  for (const OutputEntry& output : manifest.outputs) {
    w.begin_map().member("name", output.name).name("receiver").bytes(output.receiver).end_map();
  }
  w.end_array();
}

void write_limits(CborWriter& w, const Limits& limits) {
  w.name("limits").begin_map().member("seconds", limits.seconds);
  w.member("memory_bytes", limits.memory_bytes).member("processes", limits.processes);
  w.member("disk_bytes", limits.disk_bytes).member("open_files", limits.open_files).end_map();
}

void write_broker(CborWriter& w, const std::optional<BrokerEntry>& broker) {
  w.name("broker");
  if (!broker) {
    w.null();
    return;
  }
  w.begin_map().member("url", broker->url).name("spki_sha256").bytes(broker->spki_sha256);
  // What is as in every manifest that does not speak of leases is not written.
  if (broker->leases != LeaseWish::kAccepted) w.member("leases", to_text(broker->leases));
  if (broker->grace_seconds != kDefaultGraceSeconds) {
    w.member("grace_seconds", broker->grace_seconds);
  }
  w.end_map();
}

const char* network_text(Network network) {
  switch (network) {
    case Network::kNone:
      return kNoNetwork;
  }
  return "";
}

// CanonicalReader takes the members it knows; whatever else there is shows when the result is
// written again and compared.
class CanonicalReader {
 public:
  [[nodiscard]] bool failed() const { return failed_; }

  std::string text(const CborValue* v) {
    const auto t = v != nullptr ? v->as_text() : std::nullopt;
    if (!t) failed_ = true;
    return std::string(t.value_or(""));
  }

  template <class T>
  T number(const CborValue* v) {
    const auto n = v != nullptr ? v->as_uint() : std::nullopt;
    if (!n || *n > std::numeric_limits<T>::max()) failed_ = true;
    return static_cast<T>(failed_ ? 0 : *n);
  }

  Bytes bytes(const CborValue* v) {
    const auto b = v != nullptr ? v->as_bytes() : std::nullopt;
    if (!b) failed_ = true;
    return b.value_or(Bytes{});
  }

  template <std::size_t N>
  std::array<std::uint8_t, N> digest(const CborValue* v) {
    const auto d = to_array<N>(bytes(v));
    if (!d) failed_ = true;
    return d.value_or(std::array<std::uint8_t, N>{});
  }

  // items of an array that is itself there; `size` items each where it is not 0.
  const std::vector<CborValue>& items(const CborValue* v, std::size_t size = 0) {
    if (v == nullptr || !v->is_array() || (size != 0 && v->items().size() != size)) {
      failed_ = true;
      return none_;
    }
    return v->items();
  }

  FileMode mode(const CborValue* v) {
    const auto n = number<std::uint16_t>(v);
    for (const FileMode known : {FileMode::kData, FileMode::kScript, FileMode::kProgram}) {
      if (n == static_cast<std::uint16_t>(known)) return known;
    }
    failed_ = true;
    return FileMode::kData;
  }

  LeaseWish wish(const CborValue* v) {
    const auto known = lease_wish_of(text(v));
    if (!known) failed_ = true;
    return known.value_or(LeaseWish::kAccepted);
  }

  std::uint32_t grace(const CborValue* v) {
    const auto seconds = number<std::uint32_t>(v);
    if (seconds > kMaxGraceSeconds) failed_ = true;
    return seconds;
  }

 private:
  bool failed_ = false;
  std::vector<CborValue> none_;
};

void read_root(CanonicalReader& r, const CborValue& top, MeasuredRoot& root) {
  for (const CborValue& item : r.items(top.find("files"))) {
    const auto& parts = r.items(&item, 4);
    if (parts.size() != 4) return;
    root.files.push_back({.path = r.text(&parts.front()),
                          .mode = r.mode(&parts[1]),
                          .sha256 = r.digest<32>(&parts[2]),
                          .size_bytes = r.number<std::uint64_t>(&parts[3])});
  }
  for (const CborValue& item : r.items(top.find("links"))) {
    const auto& parts = r.items(&item, 2);
    if (parts.size() != 2) return;
    root.links.push_back({.path = r.text(&parts.front()), .target = r.text(&parts[1])});
  }
}

void read_data(CanonicalReader& r, const CborValue& top, Manifest& manifest) {
  for (const CborValue& item : r.items(top.find("inputs"))) {
    manifest.inputs.push_back({.name = r.text(item.find("name")),
                               .resource = r.text(item.find("resource")),
                               .file_id = r.text(item.find("file_id")),
                               .source = {}});
  }
  for (const CborValue& item : r.items(top.find("outputs"))) {
    manifest.outputs.push_back(
        {.name = r.text(item.find("name")), .receiver = to_buffer(r.bytes(item.find("receiver")))});
  }
}

void read_environment(CanonicalReader& r, const CborValue& top, Manifest& manifest) {
  for (const CborValue& item : r.items(top.find("argv"))) {
    manifest.argv.push_back(r.text(&item));
  }
  const CborValue* environment = top.find("environment");
  if (environment == nullptr) return;  // shows when it is written again
  for (const CborValue::Member& member : environment->members()) {
    manifest.environment[r.text(&member.first)] = r.text(&member.second);
  }
}

void read_bounds(CanonicalReader& r, const CborValue& top, Manifest& manifest) {
  if (const CborValue* limits = top.find("limits")) {
    manifest.limits = {.seconds = r.number<std::uint32_t>(limits->find("seconds")),
                       .memory_bytes = r.number<std::uint64_t>(limits->find("memory_bytes")),
                       .processes = r.number<std::uint32_t>(limits->find("processes")),
                       .disk_bytes = r.number<std::uint64_t>(limits->find("disk_bytes")),
                       .open_files = r.number<std::uint32_t>(limits->find("open_files"))};
  }
  if (const CborValue* broker = top.find("broker"); broker != nullptr && !broker->is_null()) {
    manifest.broker = BrokerEntry{.url = r.text(broker->find("url")),
                                  .spki_sha256 = r.digest<32>(broker->find("spki_sha256"))};
    if (const CborValue* wish = broker->find("leases")) {
      manifest.broker->leases = r.wish(wish);
    }
    if (const CborValue* grace = broker->find("grace_seconds")) {
      manifest.broker->grace_seconds = r.grace(grace);
    }
  }
}

}  // namespace

Result<Buffer> canonical_manifest(const Manifest& manifest, const MeasuredRoot& root) {
  if (root.files.size() + root.links.size() > kMaxFiles) {
    return Error(Errc::kLimit, "keep.manifest: files", root.files.size());
  }
  CborWriter w;
  w.begin_map().member("version", kCanonicalVersion).member("name", manifest.name);
  w.name("argv").begin_array();
  for (const std::string& argument : manifest.argv) {
    w.text(argument);
  }
  w.end_array().member("working_directory", manifest.working_directory);
  w.name("environment").begin_map();
  for (const auto& [key, value] : manifest.environment) {
    w.member(key, value);
  }
  w.end_map().member("network", network_text(manifest.network));
  write_files(w, root);
  write_data(w, manifest);
  write_limits(w, manifest.limits);
  write_broker(w, manifest.broker);
  WARD_TRY(Buffer out, w.end_map().take());
  if (out.size() > kMaxCanonicalBytes) {
    return Error(Errc::kLimit, "keep.manifest: size", out.size());
  }
  return out;
}

std::string init_data_of(std::string_view name, Bytes canonical) {
  std::string text = "version = \"0.1.0\"\nalgorithm = \"sha384\"\n\n[data]\n\"ward.name\" = \"";
  text += name;
  text += "\"\n\"ward.manifest\" = \"";
  text += to_hex(crypto::sha384(canonical));
  text += "\"\n";
  return text;
}

Result<Measured> measured_of(const Manifest& manifest, const MeasuredRoot& root, Buffer runtime) {
  Measured out;
  WARD_TRY(out.canonical, canonical_manifest(manifest, root));
  out.init_data = init_data_of(manifest.name, out.canonical);
  out.workload = crypto::sha384(as_bytes(out.init_data));
  out.runtime = std::move(runtime);
  return out;
}

Result<ParsedCanonical> parse_canonical(Bytes canonical) {
  const codec::CborLimits limits{
      .max_bytes = kMaxCanonicalBytes, .max_depth = 4, .max_items = kMaxCanonicalItems};
  WARD_TRY(const CborValue top, codec::parse_cbor(canonical, limits));
  const CborValue* version = top.find("version");
  if (version == nullptr || !version->as_uint()) {
    return Error(Errc::kMalformed, "keep.manifest: version");
  }
  if (version->as_uint() != kCanonicalVersion) {
    return Error(Errc::kUnsupported, "keep.manifest: version", *version->as_uint());
  }
  CanonicalReader r;
  ParsedCanonical out;
  out.manifest.name = r.text(top.find("name"));
  out.manifest.working_directory = r.text(top.find("working_directory"));
  read_environment(r, top, out.manifest);
  read_root(r, top, out.root);
  read_data(r, top, out.manifest);
  read_bounds(r, top, out.manifest);
  if (r.failed()) return Error(Errc::kMalformed, "keep.manifest: member");
  WARD_TRY(const Buffer again, canonical_manifest(out.manifest, out.root));
  if (!equal(again, canonical)) return Error(Errc::kMalformed, "keep.manifest: not canonical");
  return out;
}

Buffer runtime_log(const MeasuredFile& agent) {
  CborWriter w;
  w.begin_map().member("version", std::uint64_t{1}).name("files").begin_array();
  w.begin_array().text(agent.path).uint(static_cast<std::uint16_t>(agent.mode));
  w.bytes(agent.sha256).uint(agent.size_bytes).end_array().end_array().end_map();
  auto out = w.take();
  return out ? *std::move(out) : Buffer{};  // cannot fail: every part is well formed
}

}  // namespace ward::keep
