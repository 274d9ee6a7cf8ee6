// ward-resigned SEED FIRST COUNT [FACE]: makes platforms of the development PKI that differ from a
// good one in one to three facts, all signed again, and says what ward thinks of each. One JSON
// object a line: what a peer needs to judge the same (compare.py), and ward's verdict.
#include <cstdio>
#include <string>

#include "attest/appraisal.h"
#include "codec/json_write.h"
#include "test/differential/command.h"
#include "test/differential/mutations.h"

namespace ward::differential {
namespace {

using namespace soft::fixture;  // NOLINT(google-build-using-namespace): written in its words
using codec::JsonWriter;

struct Drawn {
  Stage stage;
  Made made;
  std::vector<std::string> names;
};

// The one face that is named, or those that dcap-qvl reads: SGX quotes of version 3 alone.
std::vector<Face> faces_of(std::string_view name) {
  std::vector<Face> out;
  for (const Face& face : kFaces) {
    if (name.empty() ? face.tdx() || face.form.version == 3 : face.name == name) {
      out.push_back(face);
    }
  }
  return out;
}

Drawn draw(std::string_view seed, std::uint64_t number, const std::vector<Face>& faces) {
  Dice d(as_bytes(std::string(seed) + "/" + std::to_string(number)));
  Drawn out{.stage = good_stage(d.pick(faces)), .made = {}, .names = {}};
  std::vector<const Mutation*> chosen;
  for (std::uint32_t i = 1 + d.below(3); i > 0; --i) {
    chosen.push_back(&d.pick(all_mutations()));
  }
  for (const Mutation* m : chosen) {
    out.names.emplace_back(m->name);
    if (m->before) m->before(out.stage, d);
  }
  out.made = make(out.stage);
  for (const Mutation* m : chosen) {
    if (m->after) m->after(out.made, out.stage, d);
  }
  return out;
}

// The member's text and the signature of {"<member>":{...},"signature":"<hex>"}, as a PCCS splits
// it.
std::pair<std::string, std::string> split(std::string_view file, std::string_view member) {
  constexpr std::string_view kSignature = ",\"signature\":\"";
  const std::size_t head = member.size() + 4;
  const auto end = file.rfind(kSignature);
  if (end == std::string_view::npos || end < head) return {std::string(file), ""};
  std::string_view signature = file.substr(end + kSignature.size());
  signature.remove_suffix(2);
  return {std::string(file.substr(head, end - head)), std::string(signature)};
}

std::string pem(Bytes der) { return codec::to_pem("CERTIFICATE", der); }

void write_collateral(JsonWriter& out, Made& m) {
  const auto chain = *codec::parse_pem(m.collateral.pck_chain_pem);
  const auto info = split(as_text(document(m, "tcb_info.json")), "tcbInfo");
  const auto qe = split(as_text(document(m, "qe_identity.json")), "enclaveIdentity");
  const std::string signing(as_text(document(m, "tcb_signing.pem")));
  out.name("collateral").begin_object();
  out.member("pck_crl_issuer_chain", pem(chain.at(1).der) + pem(chain.at(2).der));
  out.member("root_ca_crl", to_hex(document(m, "root_ca.crl")));
  out.member("pck_crl", to_hex(document(m, "pck_platform_ca.crl")));
  out.member("tcb_info_issuer_chain", signing);
  out.member("tcb_info", info.first);
  out.member("tcb_info_signature", info.second);
  out.member("qe_identity_issuer_chain", signing);
  out.member("qe_identity", qe.first);
  out.member("qe_identity_signature", qe.second);
  out.end_object();
}

std::string line(std::string_view seed, std::uint64_t number, const std::vector<Face>& faces) {
  Drawn drawn = draw(seed, number, faces);
  Stage& s = drawn.stage;
  // The peers judge the platform alone: its status is reported, not compared with a policy.
  s.policy.accept_any_tcb = true;
  s.policy.allow_debug = false;
  s.expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}};
  drop(drawn.made, "ccel.bin");  // the peer knows no event log
  const Buffer quote = drawn.made.whole();
  const bool known = attest::recognise(tee::all_schemes(), quote) != nullptr;
  // What no TEE of ours takes for its own is refused before there is a check to name.
  const Appraisal verdict = known ? judge(drawn.made, s) : Appraisal{};
  JsonWriter out;
  out.begin_object().member("number", number).member("face", s.face.name);
  write_list(out, "mutations", drawn.names);
  out.member("now", kNow.seconds);
  out.member("quote", to_hex(quote));
  out.member("root", to_hex(codec::parse_pem(drawn.made.collateral.root_pem)->at(0).der));
  write_collateral(out, drawn.made);
  write_verdict(out, verdict);
  return *out.end_object().take();
}

int run(int argc, char** argv) {
  const auto command = read_command(argc, argv);
  const std::vector<Face> faces = command ? faces_of(command->face) : std::vector<Face>{};
  if (faces.empty()) {
    (void)std::fputs("usage: ward-resigned SEED FIRST COUNT [FACE]\n", stderr);
    return 2;
  }
  return write_lines(*command, [&](std::uint64_t n) { return line(command->seed, n, faces); });
}

}  // namespace
}  // namespace ward::differential

int main(int argc, char** argv) { return ward::differential::run(argc, argv); }
