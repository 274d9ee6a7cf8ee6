#include <string>

#include "codec/json_write.h"
#include "seal/file/head_bytes.h"
#include "seal/file/header.h"

namespace ward::seal {
namespace {

using codec::JsonWriter;

struct SlotJson {
  JsonWriter& w;

  void operator()(const ResourceSlot& slot) const {
    w.member("kind", "resource").member("resource", slot.resource);
  }

  void operator()(const PassphraseSlot& slot) const {
    w.member("kind", "passphrase").member("log_n", slot.log_n);
  }

  void operator()(const RecipientSlot& slot) const {
    w.member("kind", "recipient").member("kid", slot.kid);
  }
};

struct SlotText {
  std::string operator()(const ResourceSlot& slot) const { return "resource " + slot.resource; }

  std::string operator()(const PassphraseSlot& slot) const {
    return "passphrase (scrypt, log_n " + std::to_string(slot.log_n) + ")";
  }

  std::string operator()(const RecipientSlot& slot) const { return "recipient " + slot.kid; }
};

void write_provenance(JsonWriter& w, const Provenance& provenance) {
  w.begin_object().member("token", provenance.token).member("init_data", provenance.init_data);
  w.name("inputs").begin_array();
  for (const ProvenanceInput& input : provenance.inputs) {
    w.begin_object().member("name", input.name).member("id", to_hex(input.id));
    w.member("head", to_hex(input.head)).end_object();
  }
  w.end_array().end_object();
}

std::string line(std::string_view name, std::string_view value) {
  constexpr std::size_t kColumn = 16;
  std::string out(name);
  out.append(out.size() < kColumn ? kColumn - out.size() : 1, ' ');
  out += value;
  out += '\n';
  return out;
}

}  // namespace

Result<std::string> describe_json(const Head& head) {
  const Header& header = head.header;
  JsonWriter w(JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.sealed-file/1").member("version", kVersion);
  w.member("suite", kSuite).member("id", to_hex(header.id)).member("name", header.name);
  w.member("content_version", header.content_version).member("creator", header.creator);
  w.member("created", format_rfc3339(header.created)).member("size", header.size);
  w.name("slots").begin_array();
  for (const Slot& slot : header.slots) {
    w.begin_object();
    std::visit(SlotJson{w}, slot);
    w.end_object();
  }
  w.end_array().name("provenance");
  if (header.provenance) {
    write_provenance(w, *header.provenance);
  } else {
    w.null();
  }
  w.member("head_sha256", to_hex(head.digest()));
  return w.end_object().take();
}

std::string describe_text(const Head& head) {
  const Header& header = head.header;
  std::string out = line("sealed file", "version 1, " + std::string(kSuite));
  out += line("id", to_hex(header.id));
  out += line("name", header.name);
  out += line("content version", std::to_string(header.content_version));
  if (!header.creator.empty()) out += line("creator", header.creator);
  out += line("created", format_rfc3339(header.created));
  out += line("size", header.size ? std::to_string(*header.size) : "not said");
  for (const Slot& slot : header.slots) {
    out += line("slot", std::visit(SlotText{}, slot));
  }
  if (header.provenance) {
    out += line("provenance", "a keep's output, not verified here");
    for (const ProvenanceInput& input : header.provenance->inputs) {
      out += line("from input", input.name + " " + to_hex(input.id));
    }
  }
  return out;
}

}  // namespace ward::seal
