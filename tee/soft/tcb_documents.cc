#include "tee/soft/tcb_documents.h"

#include <algorithm>

#include "codec/json_write.h"

namespace ward::soft {
namespace {

using codec::JsonWriter;

void write_head(JsonWriter& w, const dcap::SignedDocument& d) {
  w.name("version").unsigned_integer(d.version);
  w.name("issueDate").string(format_rfc3339(d.issue_date));
  w.name("nextUpdate").string(format_rfc3339(d.next_update));
}

void write_level_end(JsonWriter& w, UnixTime date, dcap::TcbStatus status,
                     const std::vector<std::string>& advisories) {
  w.name("tcbDate").string(format_rfc3339(date));
  w.name("tcbStatus").string(tcb_status_text(status));
  if (advisories.empty()) return;
  w.name("advisoryIDs").begin_array();
  for (const std::string& id : advisories) {
    w.string(id);
  }
  w.end_array();
}

// MISCSELECT is written as a number's digits; the report holds it little-endian.
std::string number_hex(std::array<std::uint8_t, 4> little_endian) {
  std::ranges::reverse(little_endian);
  return to_hex(little_endian);
}

void write_components(JsonWriter& w, const char* name,
                      const std::array<std::uint8_t, 16>& components) {
  w.name(name).begin_array();
  for (const std::uint8_t svn : components) {
    w.begin_object().name("svn").unsigned_integer(svn).end_object();
  }
  w.end_array();
}

// Version 2 has a member for each.
void write_components_2(JsonWriter& w, const std::array<std::uint8_t, 16>& components) {
  for (std::size_t i = 0; i < components.size(); ++i) {
    const std::string digits = (i < 9 ? "0" : "") + std::to_string(i + 1);
    w.name("sgxtcbcomp" + digits + "svn").unsigned_integer(components.at(i));
  }
}

void write_svn_levels(JsonWriter& w, const std::vector<dcap::SvnLevel>& levels) {
  w.name("tcbLevels").begin_array();
  for (const dcap::SvnLevel& level : levels) {
    w.begin_object().name("tcb").begin_object();
    w.name("isvsvn").unsigned_integer(level.isv_svn).end_object();
    write_level_end(w, level.tcb_date, level.status, level.advisory_ids);
    w.end_object();
  }
  w.end_array();
}

void write_module(JsonWriter& w, const dcap::TdxModule& module) {
  w.name("mrsigner").string(to_hex(module.mr_signer));
  w.name("attributes").string(to_hex(module.attributes));
  w.name("attributesMask").string(to_hex(module.attributes_mask));
}

void write_modules(JsonWriter& w, const dcap::TcbInfo& info) {
  if (!info.tdx_module) return;
  w.name("tdxModule").begin_object();
  write_module(w, *info.tdx_module);
  w.end_object().name("tdxModuleIdentities").begin_array();
  for (const dcap::TdxModule& module : info.tdx_modules) {
    w.begin_object().name("id").string(module.id);
    write_module(w, module);
    write_svn_levels(w, module.levels);
    w.end_object();
  }
  w.end_array();
}

}  // namespace

Result<std::string> tcb_info_body(const dcap::TcbInfo& info) {
  JsonWriter w;
  w.begin_object();
  if (info.version > 2) w.name("id").string(info.id);
  write_head(w, info);
  w.name("fmspc").string(to_hex(info.fmspc));
  w.name("pceId").string(to_hex(info.pce_id));
  w.name("tcbType").unsigned_integer(0);
  w.name("tcbEvaluationDataNumber").unsigned_integer(info.evaluation_number);
  write_modules(w, info);
  w.name("tcbLevels").begin_array();
  for (const dcap::TcbLevel& level : info.levels) {
    w.begin_object().name("tcb").begin_object();
    if (info.version == 2) {
      write_components_2(w, level.sgx_components);
    } else {
      write_components(w, "sgxtcbcomponents", level.sgx_components);
    }
    w.name("pcesvn").unsigned_integer(level.pce_svn);
    if (info.tdx_module) write_components(w, "tdxtcbcomponents", level.tdx_components);
    w.end_object();
    write_level_end(w, level.tcb_date, level.status, level.advisory_ids);
    w.end_object();
  }
  w.end_array().end_object();
  return w.take();
}

Result<std::string> qe_identity_body(const dcap::QeIdentity& identity) {
  JsonWriter w;
  w.begin_object();
  w.name("id").string(identity.id);
  write_head(w, identity);
  w.name("tcbEvaluationDataNumber").unsigned_integer(identity.evaluation_number);
  w.name("miscselect").string(number_hex(identity.misc_select));
  w.name("miscselectMask").string(number_hex(identity.misc_select_mask));
  w.name("attributes").string(to_hex(identity.attributes));
  w.name("attributesMask").string(to_hex(identity.attributes_mask));
  w.name("mrsigner").string(to_hex(identity.mr_signer));
  w.name("isvprodid").unsigned_integer(identity.isv_prod_id);
  write_svn_levels(w, identity.levels);
  w.end_object();
  return w.take();
}

}  // namespace ward::soft
