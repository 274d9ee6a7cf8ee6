#include "codec/cbor_write.h"
#include "seal/file/fault.h"
#include "seal/file/head_bytes.h"
#include "seal/file/header.h"

namespace ward::seal {
namespace {

using codec::CborWriter;

void write_slot(CborWriter& w, const ResourceSlot& slot) {
  w.begin_map().member("kind", "resource").member("resource", slot.resource);
  w.member("wrapped", slot.wrapped).member("check", slot.check).end_map();
}

void write_slot(CborWriter& w, const PassphraseSlot& slot) {
  w.begin_map().member("kind", "passphrase").member("salt", slot.salt).member("log_n", slot.log_n);
  w.member("wrapped", slot.wrapped).member("check", slot.check).end_map();
}

void write_slot(CborWriter& w, const RecipientSlot& slot) {
  w.begin_map().member("kind", "recipient").member("kid", slot.kid).member("jwe", slot.jwe);
  w.end_map();
}

void write_provenance(CborWriter& w, const Provenance& provenance) {
  w.begin_map().member("token", provenance.token).member("init_data", provenance.init_data);
  w.name("inputs").begin_array();
  for (const ProvenanceInput& input : provenance.inputs) {
    w.begin_map().member("name", input.name).member("id", input.id).member("head", input.head);
    w.end_map();
  }
  w.end_array().member("content_mac", provenance.content_mac).end_map();
}

}  // namespace

Result<Buffer> write_header(const Header& header) {
  if (header.created.seconds < 0) return fault_error(Fault::kHeaderMalformed);
  CborWriter w;
  w.begin_map().member("v", kVersion).member("suite", kSuite).member("id", header.id);
  w.member("name", header.name).member("content_version", header.content_version);
  w.member("creator", header.creator);
  w.member("created", static_cast<std::uint64_t>(header.created.seconds));
  w.member("size", header.size).name("slots").begin_array();
  for (const Slot& slot : header.slots) {
    std::visit([&w](const auto& one) { write_slot(w, one); }, slot);
  }
  w.end_array().member("commitment", header.commitment).name("provenance");
  if (header.provenance) {
    write_provenance(w, *header.provenance);
  } else {
    w.null();
  }
  auto octets = w.end_map().take();
  if (!octets) return fault_error(Fault::kHeaderMalformed);
  // One set of rules: what the reader would refuse is not written.
  WARD_TRY(const Header back, parse_header(*octets));
  if (back != header) return Error(Errc::kInternal, "seal.file: header does not read back");
  return octets;
}

Buffer make_prefix(std::size_t header_size) {
  Buffer out = to_buffer(as_bytes(kMagic));
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>((header_size >> (shift - 8)) & 255U));
  }
  return out;
}

}  // namespace ward::seal
