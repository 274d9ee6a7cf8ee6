#include "tee/dcap/tcb_documents.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "codec/json.h"

namespace ward::dcap {
namespace {

using codec::JsonValue;

// Members reads the members of one object and keeps the first complaint. The Members that it was
// got from live longer: the path is put together from them, for a complaint alone.
class Members {
 public:
  Members(Bytes document, const JsonValue& object, std::optional<Diag>& diag)
      : document_(document), object_(&object), diag_(&diag) {
    require_object();
  }

  const JsonValue* value(std::string_view name) {
    const JsonValue* found = object_->find(name);
    if (found == nullptr) complain(object_->begin(), name, "this member");
    return found;
  }

  [[nodiscard]] const JsonValue* optional(std::string_view name) const {
    return object_->find(name);
  }

  std::string string(std::string_view name) {
    const JsonValue* v = value(name);
    if (v == nullptr) return {};
    const auto text = v->as_string();
    if (!text) complain(v->begin(), name, "a string");
    return std::string(text.value_or(""));
  }

  std::uint64_t number(std::string_view name, std::uint64_t max) {
    const JsonValue* v = value(name);
    if (v == nullptr) return 0;
    const auto n = v->as_uint();
    if (!n || *n > max) complain(v->begin(), name, "an integer from 0 to " + std::to_string(max));
    return n.value_or(0);
  }

  UnixTime time(std::string_view name) {
    const JsonValue* v = value(name);
    if (v == nullptr) return {};
    const auto text = v->as_string();
    const auto t = text ? parse_rfc3339(*text) : std::nullopt;
    if (!t) complain(v->begin(), name, "a time like 2024-05-18T18:22:51Z");
    return t.value_or(UnixTime{});
  }

  template <std::size_t N>
  std::array<std::uint8_t, N> hex(std::string_view name) {
    const JsonValue* v = value(name);
    if (v == nullptr) return {};
    const auto text = v->as_string();
    const auto bytes = text ? from_hex(*text) : std::nullopt;
    const auto fixed = bytes ? to_array<N>(*bytes) : std::nullopt;
    if (!fixed) complain(v->begin(), name, std::to_string(2 * N) + " hexadecimal digits");
    return fixed.value_or(std::array<std::uint8_t, N>{});
  }

  TcbStatus status() {
    const JsonValue* v = value("tcbStatus");
    if (v == nullptr) return TcbStatus::kRevoked;
    const auto text = v->as_string();
    const auto parsed = text ? parse_tcb_status(*text) : std::nullopt;
    if (!parsed) complain(v->begin(), "tcbStatus", "a TCB status of the PCS API");
    return parsed.value_or(TcbStatus::kRevoked);
  }

  std::vector<std::string> advisories() {
    std::vector<std::string> out;
    const JsonValue* v = optional("advisoryIDs");
    if (v == nullptr) return out;
    if (!v->is_array() || v->items().size() > kMaxAdvisories) {
      complain(v->begin(), "advisoryIDs", "an array of at most 256 strings");
      return out;
    }
    out.reserve(v->items().size());
    for (const JsonValue& item : v->items()) {
      const auto text = item.as_string();
      if (!text) complain(item.begin(), "advisoryIDs", "a string");
      out.emplace_back(text.value_or(""));
    }
    return out;
  }

  // levels gives the items of tcbLevels; Intel's documents have at least one.
  const std::vector<JsonValue>& levels() {
    static const std::vector<JsonValue> none;
    const JsonValue* v = value("tcbLevels");
    if (v == nullptr) return none;
    if (!v->is_array() || v->items().empty() || v->items().size() > kMaxTcbLevels) {
      complain(v->begin(), "tcbLevels", "an array of 1 to 256 levels");
      return none;
    }
    return v->items();
  }

  [[nodiscard]] Members object(std::string_view name) {
    static const JsonValue null;
    const JsonValue* v = value(name);
    return {*this, v == nullptr ? null : *v, name, std::nullopt};
  }

  [[nodiscard]] Members item(const JsonValue& v, std::string_view list, std::size_t index) const {
    return {*this, v, list, index};
  }

  void complain(std::size_t offset, std::string_view name, const std::string& expected) {
    if (!*diag_) *diag_ = diag_at(document_, offset, where(name), expected);
  }

 private:
  Members(const Members& parent, const JsonValue& object, std::string_view name,
          std::optional<std::size_t> index)
      : document_(parent.document_),
        object_(&object),
        parent_(&parent),
        name_(name),
        index_(index),
        diag_(parent.diag_) {
    require_object();
  }

  void require_object() {
    if (!object_->is_object()) complain(object_->begin(), "", "an object");
  }

  // NOLINTBEGIN(misc-no-recursion): as deep as these documents' members, which this file names
  [[nodiscard]] std::string path() const {
    if (parent_ == nullptr) return {};
    std::string out = parent_->where(name_);
    if (index_) out += "[" + std::to_string(*index_) + "]";
    return out;
  }

  [[nodiscard]] std::string where(std::string_view name) const {
    std::string out = path();
    if (!out.empty() && !name.empty()) out += ".";
    return out.append(name);
  }

  // NOLINTEND(misc-no-recursion)
  Bytes document_;
  const JsonValue* object_;
  const Members* parent_ = nullptr;  // null: the document itself
  std::string_view name_;            // of the object, or of the list that it is in
  std::optional<std::size_t> index_;
  std::optional<Diag>* diag_;
};

void read_head(Members& m, SignedDocument& out) {
  out.issue_date = m.time("issueDate");
  out.next_update = m.time("nextUpdate");
  out.evaluation_number = m.number("tcbEvaluationDataNumber", 1U << 30U);
}

// The members category and type, both optional.
std::string component_name(const JsonValue& component) {
  constexpr std::size_t kMaxName = 64;
  std::string out;
  for (const std::string_view member : {"category", "type"}) {
    const JsonValue* value = component.find(member);
    const auto text = value == nullptr ? std::nullopt : value->as_string();
    if (!text || text->empty() || text->size() > kMaxName) continue;
    out += (out.empty() ? "" : ": ") + std::string(*text);
  }
  return out;
}

constexpr std::uint64_t kMaxSvn = 255;  // of a component

// Version 3 writes components as an array of objects with an svn; all levels call them alike.
void read_component_list(Members& tcb, std::string_view name, std::array<std::uint8_t, 16>& out,
                         ComponentNames& names, bool first) {
  const JsonValue* list = tcb.value(name);
  if (list == nullptr) return;
  if (list->items().size() != out.size()) {
    tcb.complain(list->begin(), name, "an array of 16 components");
    return;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const JsonValue& component = list->items()[i];
    const JsonValue* const svn = component.find("svn");
    const auto number = svn == nullptr ? std::nullopt : svn->as_uint();
    if (number && *number <= kMaxSvn) {
      out.at(i) = static_cast<std::uint8_t>(*number);
    } else {
      tcb.item(component, name, i).number("svn", kMaxSvn);  // complains
    }
    if (first) names.at(i) = component_name(component);
  }
}

// Version 2 writes sgxtcbcomp01svn..16.
void read_components(Members& tcb, TcbInfo& info, TcbLevel& level) {
  const bool first = info.levels.empty();
  level.pce_svn = static_cast<std::uint16_t>(tcb.number("pcesvn", 65535));
  if (info.version == 2) {
    for (std::size_t i = 0; i < 16; ++i) {
      const std::string digits = (i < 9 ? "0" : "") + std::to_string(i + 1);
      const std::string name = "sgxtcbcomp" + digits + "svn";
      level.sgx_components.at(i) = static_cast<std::uint8_t>(tcb.number(name, kMaxSvn));
    }
    return;
  }
  read_component_list(tcb, "sgxtcbcomponents", level.sgx_components, info.sgx_names, first);
  if (info.id == "TDX") {
    read_component_list(tcb, "tdxtcbcomponents", level.tdx_components, info.tdx_names, first);
  }
}

// The first level that a platform reaches decides, so their order does. Intel's documents list the
// newest first; some verifiers sort them again. A document on which the two would differ, or with
// one level twice, is none of Intel's.
template <class Levels, class Rank>
void require_sorted(Members& m, const Levels& levels, Rank rank) {
  const auto not_below = [&](const auto& a, const auto& b) { return rank(a) <= rank(b); };
  if (std::ranges::adjacent_find(levels, not_below) != levels.end()) {
    m.complain(0, "tcbLevels", "levels from the newest to the oldest, each once");
  }
}

void read_svn_levels(Members& m, std::vector<SvnLevel>& out) {
  const auto& levels = m.levels();
  out.reserve(levels.size());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    Members level = m.item(levels[i], "tcbLevels", i);
    SvnLevel parsed;
    Members tcb = level.object("tcb");
    parsed.isv_svn = static_cast<std::uint16_t>(tcb.number("isvsvn", 65535));
    parsed.tcb_date = level.time("tcbDate");
    parsed.status = level.status();
    parsed.advisory_ids = level.advisories();
    out.push_back(std::move(parsed));
  }
  require_sorted(m, out, [](const SvnLevel& l) { return l.isv_svn; });
}

void read_tdx_module(Members m, TdxModule& out) {
  out.mr_signer = m.hex<48>("mrsigner");
  out.attributes = m.hex<8>("attributes");
  out.attributes_mask = m.hex<8>("attributesMask");
}

// Modules before 1.5 are judged by tdxModule, later ones by tdxModuleIdentities, which documents
// from before them lack.
void read_tdx_modules(Members& m, TcbInfo& out) {
  read_tdx_module(m.object("tdxModule"), out.tdx_module.emplace());
  const JsonValue* list = m.optional("tdxModuleIdentities");
  if (list == nullptr) return;
  if (!list->is_array() || list->items().size() > kMaxTdxModules) {
    m.complain(list->begin(), "tdxModuleIdentities", "an array of at most 64 identities");
    return;
  }
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    Members identity = m.item(list->items()[i], "tdxModuleIdentities", i);
    TdxModule& module = out.tdx_modules.emplace_back();
    module.id = identity.string("id");
    read_tdx_module(identity, module);
    read_svn_levels(identity, module.levels);
  }
}

void read_tcb_info(Members& m, TcbInfo& out) {
  out.version = static_cast<std::uint32_t>(m.number("version", 1000));
  if (out.version != 2 && out.version != 3) {
    m.complain(0, "version", "TCB info version 2 or 3");
    return;
  }
  // Version 2 has no id: it exists for SGX alone.
  out.id = out.version == 2 ? "SGX" : m.string("id");
  read_head(m, out);
  out.fmspc = m.hex<6>("fmspc");
  out.pce_id = m.hex<2>("pceId");
  if (m.number("tcbType", 1000) != 0) m.complain(0, "tcbType", "TCB type 0");
  if (out.id == "TDX") read_tdx_modules(m, out);
  const auto& levels = m.levels();
  out.levels.reserve(levels.size());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    Members level = m.item(levels[i], "tcbLevels", i);
    TcbLevel parsed;
    Members tcb = level.object("tcb");
    read_components(tcb, out, parsed);
    parsed.tcb_date = level.time("tcbDate");
    parsed.status = level.status();
    parsed.advisory_ids = level.advisories();
    out.levels.push_back(std::move(parsed));
  }
  require_sorted(m, out.levels, [](const TcbLevel& l) {
    return std::tie(l.sgx_components, l.pce_svn, l.tdx_components);
  });
}

// The API writes MISCSELECT as a number's hex digits, the report holds it little-endian.
std::array<std::uint8_t, 4> reversed(std::array<std::uint8_t, 4> v) {
  std::ranges::reverse(v);
  return v;
}

void read_qe_identity(Members& m, QeIdentity& out) {
  out.version = static_cast<std::uint32_t>(m.number("version", 1000));
  if (out.version != 2) {
    m.complain(0, "version", "enclave identity version 2");
    return;
  }
  out.id = m.string("id");
  read_head(m, out);
  out.misc_select = reversed(m.hex<4>("miscselect"));
  out.misc_select_mask = reversed(m.hex<4>("miscselectMask"));
  out.attributes = m.hex<16>("attributes");
  out.attributes_mask = m.hex<16>("attributesMask");
  out.mr_signer = m.hex<32>("mrsigner");
  out.isv_prod_id = static_cast<std::uint16_t>(m.number("isvprodid", 65535));
  read_svn_levels(m, out.levels);
}

template <class T>
Result<T, Diag> parse_signed(Bytes json, std::string_view member, void (*read)(Members&, T&)) {
  auto parsed = codec::parse_json(json, {.max_bytes = kMaxTcbDocument, .max_depth = 16});
  if (!parsed) return parsed.error();
  std::optional<Diag> diag;
  T out;
  Members top(json, *parsed, diag);
  if (!diag) {
    out.signature = top.hex<64>("signature");
    Members body = top.object(member);
    if (const JsonValue* v = parsed->find(member); v != nullptr && v->is_object()) {
      out.body = to_buffer(v->raw(json));
      read(body, out);
    }
  }
  if (diag) return *diag;
  return out;
}

}  // namespace

Result<TcbInfo, Diag> parse_tcb_info(Bytes json) {
  return parse_signed<TcbInfo>(json, "tcbInfo", read_tcb_info);
}

Result<QeIdentity, Diag> parse_qe_identity(Bytes json) {
  return parse_signed<QeIdentity>(json, "enclaveIdentity", read_qe_identity);
}

}  // namespace ward::dcap
