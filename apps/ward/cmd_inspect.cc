#include <algorithm>
#include <memory>
#include <string>

#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "apps/ward/evidence_kind.h"
#include "apps/ward/input.h"
#include "apps/ward/ra_tls.h"
#include "args/args.h"
#include "attest/appraisal_json.h"
#include "seal/file/header.h"
#include "tee/tcg/inspect.h"

namespace ward::cli {
namespace {

struct Options {
  std::string file;
  bool layout = false;
  bool json = false;
};

std::string pad(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text + " ";
}

std::string layout_text(const std::vector<attest::LayoutField>& fields) {
  std::size_t width = 4;
  for (const auto& f : fields) {
    width = std::max(width, f.name.size());
  }
  std::string out = pad("offset", 6) + pad("size", 5) + pad("name", width) + "value\n";
  for (const auto& f : fields) {
    out += pad(std::to_string(f.offset), 6) + pad(std::to_string(f.size), 5) + pad(f.name, width) +
           for_terminal(f.value) + "\n";
  }
  return out;
}

void write_layout(codec::JsonWriter& w, const std::vector<attest::LayoutField>& fields) {
  w.begin_array();
  for (const auto& f : fields) {
    w.begin_object();
    w.name("offset").unsigned_integer(f.offset);
    w.name("size").unsigned_integer(f.size);
    w.name("name").string(f.name);
    w.name("type").string(f.type);
    w.name("value").string(f.value);
    w.end_object();
  }
  w.end_array();
}

// Inspection is everything that form alone says.
struct Inspection {
  std::vector<attest::Claim> claims;
  std::vector<attest::CollateralRequest> needs;
  std::vector<attest::LayoutField> layout;
};

Result<Inspection> inspect(const attest::Scheme& scheme, Bytes evidence) {
  Inspection out;
  WARD_TRY(out.claims, scheme.inspect(evidence));
  WARD_TRY(out.needs, scheme.needs(evidence));
  WARD_TRY(out.layout, scheme.layout(evidence));
  return out;
}

int print_json(const attest::Scheme& scheme, const Inspection& found, bool layout) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object();
  w.name("schema").string("ward.inspection/1");
  w.name("tee").string(scheme.info().name);
  w.name("title").string(scheme.info().title);
  w.name("authenticated").boolean(false);
  w.name("claims");
  attest::write_claims(w, found.claims);
  w.name("needs").begin_array();
  for (const attest::CollateralRequest& request : found.needs) {
    w.begin_object();
    w.name("kind").string(request.kind);
    w.name("key").string(request.key);
    w.name("check").string(request.check);
    w.name("address").string(request.address);
    w.end_object();
  }
  w.end_array();
  if (layout) {
    w.name("layout");
    write_layout(w, found.layout);
  }
  w.end_object();
  auto text = w.take();
  return text ? print(*text + '\n') : fail(kCouldNotTell, error_text(text.error()));
}

// Where the parts of a head stand; what follows is the body.
std::vector<attest::LayoutField> sealed_layout(const seal::Head& head) {
  std::vector<attest::LayoutField> out;
  std::size_t offset = 0;
  const auto add = [&](const char* name, const char* type, std::size_t size, std::string value) {
    out.push_back({offset, size, name, type, std::move(value)});
    offset += size;
  };
  const Bytes magic = Bytes(head.prefix).first(head.prefix.size() - sizeof(std::uint32_t));
  add("magic", "bytes", magic.size(), to_hex(magic));
  add("header_size", "u32be", sizeof(std::uint32_t), std::to_string(head.octets.size()));
  add("header", "cbor", head.octets.size(),
      head.header.name + ", slots: " + std::to_string(head.header.slots.size()));
  add("mac", "bytes", head.mac.size(), to_hex(head.mac));
  if (head.signature) add("signature", "bytes", head.signature->size(), to_hex(*head.signature));
  add("body", "bytes", 0, "from here to the end");
  return out;
}

Result<std::string> sealed_layout_json(const seal::Head& head) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.sealed-file-layout/1").name("layout");
  write_layout(w, sealed_layout(head));
  return w.end_object().take();
}

int print_sealed(Bytes front, const Options& o) {
  static_assert(kMaxEvidence > seal::kMaxHeaderBytes + 1024, "the whole head was read");
  const auto head = seal::parse_head(front);
  if (!head) {
    const bool unknown = head.error().code() == Errc::kUnsupported;
    return fail(unknown ? kCouldNotTell : kRefused, o.file + ": " + error_text(head.error()));
  }
  if (o.json) {
    auto text = o.layout ? sealed_layout_json(*head) : seal::describe_json(*head);
    return text ? print(*text + '\n') : fail(kCouldNotTell, error_text(text.error()));
  }
  if (o.layout) return print(layout_text(sealed_layout(*head)));
  return print(seal::describe_text(*head));
}

Result<std::string> log_layout_json(const tcg::EventLog& log) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.event-log-layout/1").name("layout");
  write_layout(w, tcg::log_layout(log));
  return w.end_object().take();
}

Result<std::string> log_text(const tcg::EventLog& log, const Options& o) {
  if (!o.json) return o.layout ? layout_text(tcg::log_layout(log)) : tcg::inspect_text(log);
  WARD_TRY(std::string text, o.layout ? log_layout_json(log) : tcg::inspect_json(log));
  return text + '\n';
}

int print_log(Bytes file, const Options& o) {
  const auto log = tcg::parse_event_log(file);
  if (!log) return fail(kRefused, o.file + ": malformed event log: " + error_text(log.error()));
  const auto text = log_text(*log, o);
  if (text) return print(*text);
  const bool unknown = text.error().code() == Errc::kUnsupported;
  return fail(unknown ? kCouldNotTell : kRefused, o.file + ": " + error_text(text.error()));
}

std::string found_text(const attest::Scheme& scheme, const Inspection& found) {
  std::string text = std::string(scheme.info().title) + ", not authenticated\n";
  for (const attest::Claim& claim : found.claims) {
    text += "  " + for_terminal(claim.name + " = " + attest::claim_text(claim.value)) + "\n";
  }
  text += "needs, as collateral\n";
  for (const attest::CollateralRequest& request : found.needs) {
    std::string line = request.kind + (request.key.empty() ? "" : " " + request.key);
    if (request.address != request.key) line += ": " + request.address;
    text += "  " + for_terminal(line) + "\n";
  }
  return text;
}

int run(const Options& o) {
  auto evidence = read_front(o.file, kMaxEvidence + 1);
  if (evidence) evidence = plain_evidence(*std::move(evidence));
  if (!evidence) return fail(kCouldNotTell, o.file + ": " + error_text(evidence.error()));
  if (seal::is_sealed(*evidence)) return print_sealed(*evidence, o);
  if (evidence->size() > kMaxEvidence) {
    return fail(kCouldNotTell, o.file + ": larger than any evidence that ward reads");
  }
  if (tcg::is_event_log(*evidence)) return print_log(*evidence, o);
  if (const auto certificate = as_ra_tls(*evidence)) {
    if (o.layout) return fail(kUsage, "--layout is not for certificates");
    return print_ra_tls(o.file, *certificate, o.json);
  }
  const attest::Scheme* scheme = judge_of(*evidence);
  if (scheme == nullptr) return no_judge(o.file, *evidence);
  const auto found = inspect(*scheme, *evidence);
  if (!found) {
    return fail(kRefused, o.file + ": malformed " + scheme->info().name +
                              " evidence: " + error_text(found.error()));
  }
  if (o.json) return print_json(*scheme, *found, o.layout);
  return print(o.layout ? layout_text(found->layout) : found_text(*scheme, *found));
}

}  // namespace

void add_inspect(args::Command& app, Action& action) {
  auto o = std::make_shared<Options>();
  args::Command* c = app.add_subcommand(
      "inspect", "print what evidence, an event log or a sealed file says, without judging it");
  c->add_option("FILE", o->file,
                "evidence, event log, RA-TLS certificate or sealed file; - is standard input")
      ->required();
  c->add_flag("--layout", o->layout, "offset, size, name and value of every field");
  c->add_flag("--json", o->json,
              "print JSON (ward.inspection/1; an event log: ward.event-log/1; a sealed file: "
              "ward.sealed-file/1; an RA-TLS certificate: ward.ra-tls/1)");
  c->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace ward::cli
