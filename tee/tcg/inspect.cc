#include "tee/tcg/inspect.h"

#include <array>
#include <cstdio>

#include "attest/appraisal_json.h"
#include "codec/json_write.h"
#include "tee/tcg/event_type.h"
#include "tee/tcg/statement.h"

namespace ward::tcg {
namespace {

constexpr std::size_t kMaxShown = 64;  // octets of a field that the layout shows

std::string hex32(std::uint32_t value) {
  std::array<char, 12> out{};
  const int n = std::snprintf(out.data(), out.size(), "0x%08x", value);
  return {out.data(), static_cast<std::size_t>(n)};
}

std::string type_text(std::uint32_t type) {
  const char* name = event_type_name(type);
  return name != nullptr ? name : hex32(type);
}

std::string algorithm_text(std::uint16_t id) {
  const auto known = known_algorithm(id);
  return known ? to_text(*known) : hex32(id);
}

const char* form_text(Form form) { return form == Form::kCryptoAgile ? "crypto agile" : "SHA-1"; }

const char* register_text(Registers registers) {
  return registers == Registers::kPcr ? "PCR" : "RTMR";
}

// Everything that is printed.
struct Inspection {
  Registers registers = Registers::kPcr;
  Algorithm algorithm = Algorithm::kSha1;
  Replay replay;
  std::vector<Statement> statements;
};

Result<Inspection> inspect(const EventLog& log) {
  Inspection out;
  bool any = false;
  for (const Algorithm a :
       {Algorithm::kSha1, Algorithm::kSha256, Algorithm::kSha384, Algorithm::kSha512}) {
    if (!log.has(a)) continue;
    out.algorithm = a;
    any = true;
  }
  if (!any) return Error(Errc::kUnsupported, "tcg.log: no algorithm that ward can compute");
  out.registers = guess_registers(log);
  WARD_TRY(out.replay, replay(log, out.registers, out.algorithm));
  WARD_TRY(out.statements, read_statements(log, out.registers, out.algorithm));
  return out;
}

void write_registers(codec::JsonWriter& w, const Replay& replay) {
  w.name("replayed").begin_array();
  for (const Replayed& r : replay.registers) {
    w.begin_object().member("register", r.number).member("events", r.events);
    w.member("value", to_hex(r.value)).end_object();
  }
  w.end_array();
  w.name("remarks").begin_array();
  for (const Remark& r : replay.remarks) {
    w.begin_object().member("event", r.event).member("remark", to_text(r.anomaly));
    w.member("fault", is_fault(r.anomaly)).end_object();
  }
  w.end_array();
}

void write_event(codec::JsonWriter& w, const Event& event, const Statement& s) {
  w.begin_object().member("event", s.event).member("offset", event.offset);
  w.member("type", type_text(s.type)).member("register", s.number);
  if (s.digest.empty()) {
    w.name("digest").null();
  } else {
    w.member("digest", to_hex(s.digest));
  }
  w.member("covered", to_text(s.covered.coverage)).member("after_separator", s.after_separator);
  w.name("says");
  attest::write_claims(w, statement_claims(s));
  w.end_object();
}

// One line: a text may hold line ends and tabs, and nothing worse.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += c == '\t' ? ' ' : c;
    }
  }
  return out;
}

std::string statement_text(const Statement& s, Registers registers) {
  std::string out = "  " + std::to_string(s.event) + "  ";
  if (s.number) {
    out += std::string(register_text(registers)) + " " + std::to_string(*s.number) + "  ";
  }
  out += type_text(s.type);
  switch (s.covered.coverage) {
    case Coverage::kWhole:
      out += "  what it says was hashed";
      break;
    case Coverage::kPart:
      out += "  a part of what it says was hashed";
      break;
    case Coverage::kDescription:
      out += "  describes what was hashed";
      break;
    case Coverage::kMismatch:
      out += "  NOT what was hashed";
      break;
    case Coverage::kNotExtended:
      out += "  extends nothing";
      break;
  }
  out += "\n";
  for (const attest::Claim& claim : statement_claims(s)) {
    out += "       " + claim.name + " = " + one_line(attest::claim_text(claim.value)) + "\n";
  }
  return out;
}

class Layout {
 public:
  explicit Layout(const EventLog& log) : log_(log) {}

  std::vector<attest::LayoutField> take() {
    for (std::size_t i = 0; i < log_.events.size(); ++i) {
      add_event(i);
    }
    if (log_.padding != 0) {
      add("padding", "octets", log_.padding, "of " + to_hex(log_.raw.last(1)));
    }
    return std::move(out_);
  }

 private:
  void add(std::string name, const char* type, std::size_t size, std::string value) {
    out_.push_back({at_, size, std::move(name), type, std::move(value)});
    at_ += size;
  }

  void add_octets(std::string name, const char* type, Bytes octets) {
    if (octets.empty()) return;
    const bool cut = octets.size() > kMaxShown;
    add(std::move(name), type, octets.size(),
        to_hex(cut ? octets.first(kMaxShown) : octets) + (cut ? ".." : ""));
  }

  void add_digests(const std::string& prefix, const Event& event) {
    const std::vector<DigestView> digests = log_.digests_of(event);
    add(prefix + "digests.count", "TPML_DIGEST_VALUES", 4, std::to_string(digests.size()));
    for (const DigestView& d : digests) {
      add(prefix + "digests.hash_alg", "TPMT_HA", 2, algorithm_text(d.algorithm));
      add_octets(prefix + "digests.digest", "TPMT_HA", d.value);
    }
  }

  void add_event(std::size_t i) {
    const Event& event = log_.events[i];
    const std::string prefix = "event" + std::to_string(i) + ".";
    const bool old = log_.form == Form::kSha1 || i == 0;
    const char* type = old ? "TCG_PCR_EVENT" : "TCG_PCR_EVENT2";
    add(prefix + "pcr_index", type, 4, std::to_string(event.register_index));
    add(prefix + "event_type", type, 4, type_text(event.type));
    if (!old) {
      add_digests(prefix, event);
    } else {
      const Bytes digest = log_.raw.subspan(at_, 20);
      add_octets(prefix + "digest", type, digest);
    }
    add(prefix + "event_size", type, 4, std::to_string(event.data.size()));
    add_octets(prefix + "event", type, event.data);
  }

  const EventLog& log_;
  std::vector<attest::LayoutField> out_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::string> inspect_json(const EventLog& log) {
  WARD_TRY(const Inspection found, inspect(log));
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", kEventLogSchema).member("authenticated", false);
  w.member("form", form_text(log.form)).member("registers", register_text(found.registers));
  w.member("algorithm", to_text(found.algorithm));
  w.name("algorithms").begin_array();
  for (const AlgorithmSize& a : log.spec.algorithms) {
    w.string(algorithm_text(a.id));
  }
  w.end_array();
  w.member("padding", log.padding);
  write_registers(w, found.replay);
  w.name("events").begin_array();
  for (const Statement& s : found.statements) {
    write_event(w, log.events[s.event], s);
  }
  return w.end_array().end_object().take();
}

Result<std::string> inspect_text(const EventLog& log) {
  WARD_TRY(const Inspection found, inspect(log));
  const std::string name = register_text(found.registers);
  std::string out = "TCG event log of a measured boot, not authenticated\n";
  out += "  form = " + std::string(form_text(log.form)) + "\n";
  out += "  events = " + std::to_string(log.events.size()) + "\n";
  out += "the " + name + "s of " + to_text(found.algorithm) + " that these events give\n";
  for (const Replayed& r : found.replay.registers) {
    out += "  " + name + " " + std::to_string(r.number) + " = " + to_hex(r.value) + "\n";
  }
  if (!found.replay.remarks.empty()) out += "remarks\n";
  for (const Remark& r : found.replay.remarks) {
    out += "  event " + std::to_string(r.event) + ": " + to_text(r.anomaly) + "\n";
  }
  out += "events\n";
  for (const Statement& s : found.statements) {
    out += statement_text(s, found.registers);
  }
  return out;
}

std::vector<attest::LayoutField> log_layout(const EventLog& log) { return Layout(log).take(); }

}  // namespace ward::tcg
