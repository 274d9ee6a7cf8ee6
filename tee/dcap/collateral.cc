#include "tee/dcap/collateral.h"

namespace ward::dcap {
namespace {

bool contains(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

template <class T>
void add(std::vector<Named<T>>& list, const attest::Document& document, T value) {
  list.push_back({document.name, crypto::sha256(document.bytes), std::move(value)});
}

void sort_json(const attest::Document& document, std::string_view text, CollateralSet& out) {
  if (contains(text, "\"tcbInfo\"")) {
    auto parsed = parse_tcb_info(document.bytes);
    if (parsed) {
      add(out.tcb_infos, document, *std::move(parsed));
    } else {
      out.bad_tcb_infos.push_back({document.name, to_text(parsed.error())});
    }
    return;
  }
  if (contains(text, "\"enclaveIdentity\"")) {
    auto parsed = parse_qe_identity(document.bytes);
    if (parsed) {
      add(out.qe_identities, document, *std::move(parsed));
    } else {
      out.bad_qe_identities.push_back({document.name, to_text(parsed.error())});
    }
    return;
  }
  out.unknown.push_back({document.name, "JSON, but neither TCB info nor enclave identity"});
}

}  // namespace

CollateralSet sort_collateral(std::span<const attest::Document* const> documents,
                              bool (*skip)(Bytes)) {
  CollateralSet out;
  std::size_t number = 0;
  for (const attest::Document* document : documents) {
    if (!x509::within_limits(*document, number++, out)) continue;
    if (skip != nullptr && skip(document->bytes)) continue;
    const std::string_view text = x509::trimmed(*document);
    if (text.starts_with('{')) {
      sort_json(*document, text, out);
    } else {
      x509::add_document(*document, out);
    }
  }
  return out;
}

void add_changes(const CollateralSet& set, std::vector<UnixTime>& out) {
  x509::add_changes(set, out);
  const auto add = [&](const SignedDocument& document) {
    out.push_back(document.issue_date);
    out.push_back(x509::after(document.next_update));
  };
  for (const Named<TcbInfo>& info : set.tcb_infos) {
    add(info.value);
  }
  for (const Named<QeIdentity>& identity : set.qe_identities) {
    add(identity.value);
  }
}

}  // namespace ward::dcap
