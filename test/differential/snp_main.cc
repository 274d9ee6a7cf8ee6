// ward-resigned-snp SEED FIRST COUNT [FACE]: makes SEV-SNP platforms of the development PKI that
// differ from a good one in up to three facts, all signed again, and says what ward thinks of each.
// One JSON object a line: what a peer needs to judge the same (compare.py), and ward's verdict. The
// seed draws everything but the RSA keys, which each process makes anew.
#include <cstdio>
#include <string>

#include "attest/appraisal.h"
#include "codec/json_write.h"
#include "test/differential/command.h"
#include "test/differential/snp_platform.h"

namespace ward::differential::snp {
namespace {

using namespace soft::snp_fixture;  // NOLINT(google-build-using-namespace): written in its words
using codec::JsonWriter;

Appraisal judge_platform(const Platform& p) {
  const Buffer evidence = p.evidence();
  if (attest::recognise(tee::all_schemes(), evidence) == nullptr) return {};
  const attest::Policy policy{.name = "peers", .allow_development = true};
  const verifier::Verifier verifier(tee::all_schemes(), {anchor_of(keys_of("one"))}, policy);
  auto out = verifier.appraise(
      {.evidence = evidence,
       .collateral = p.documents(),
       .now = kNow,
       .expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}}});
  return out ? *std::move(out) : Appraisal{};
}

std::string line(std::string_view seed, std::uint64_t number, std::span<const Face> faces) {
  Dice d(as_bytes(std::string(seed) + "/snp/" + std::to_string(number)));
  const Face& face = d.pick(faces);
  std::vector<const Mutation*> chosen;
  for (std::uint32_t i = d.below(4); i > 0; --i) {
    chosen.push_back(&d.pick(all_mutations()));
  }
  const Platform p = make_platform(face, chosen, d);
  std::vector<std::string> names;
  for (const Mutation* m : chosen) {
    names.emplace_back(m->name);
  }
  const Appraisal a = judge_platform(p);
  JsonWriter out;
  out.begin_object().member("number", number).member("face", face.name);
  write_list(out, "mutations", names);
  out.member("now", kNow.seconds);
  out.member("line", ward::snp::line_name(face.form.line));
  out.member("evidence", to_hex(p.evidence()));
  out.member("ark", to_hex(p.ark));
  out.member("ask", to_hex(p.ask));
  out.member("asvk", to_hex(p.asvk));
  out.member("vek", face.extended ? std::string() : to_hex(p.vek));
  out.member("crl", to_hex(p.crl));
  write_verdict(out, a);
  return *out.end_object().take();
}

int run(int argc, char** argv) {
  const auto command = read_command(argc, argv);
  std::vector<Face> faces;
  for (const Face& face : snp::faces()) {
    if (!command || command->face.empty() || command->face == face.name) faces.push_back(face);
  }
  if (!command || faces.empty()) {
    (void)std::fputs("usage: ward-resigned-snp SEED FIRST COUNT [FACE]\n", stderr);
    return 2;
  }
  return write_lines(*command, [&](std::uint64_t n) { return line(command->seed, n, faces); });
}

}  // namespace
}  // namespace ward::differential::snp

int main(int argc, char** argv) { return ward::differential::snp::run(argc, argv); }
