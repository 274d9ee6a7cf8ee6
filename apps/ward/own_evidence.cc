#include "apps/ward/own_evidence.h"

#include <utility>
#include <vector>

#include "apps/ward/soft_tee.h"
#include "args/args.h"

namespace ward::cli {

void add_own_evidence_options(args::Command& c, OwnEvidence& o) {
  c.add_option("--tee", o.tee, "as for `ward attest`: auto, " + soft_faces());
  c.add_option("--device", o.device, "a development platform's folder (`ward dev init`)");
  c.add_option("--softd", o.softd, "the socket of a running softd");
  c.add_option("--agent", o.agent, "the ward-keep that keeps run");
}

namespace {

std::string not_ended(const Patience& patience) {
  const std::size_t count = patience.unended == nullptr ? 0 : patience.unended->count();
  return count == 0 ? "" : "; killed, and not ended: " + std::to_string(count);
}

}  // namespace

Result<Buffer, EvidenceFault> own_evidence(const OwnEvidence& o, Bytes report_data,
                                           const Patience& patience) {
  std::vector<std::string> words = {sibling("ward"),     "attest", "--tee", o.tee, "--report-data",
                                    to_hex(report_data), "-o",     "-"};
  const std::pair<const char*, const std::string*> given[] = {
      {"--device", &o.device}, {"--softd", &o.softd}, {"--agent", &o.agent}};
  for (const auto& [name, value] : given) {
    if (value->empty()) continue;
    words.emplace_back(name);
    words.push_back(*value);
  }
  const auto ran = run_child(std::move(words), patience);
  if (!ran && ran.error().code() == Errc::kStale) {
    return EvidenceFault{.what = "the device did not answer within " +
                                 std::to_string(patience.ms / 1000) + " s" + not_ended(patience)};
  }
  if (!ran) return EvidenceFault{.what = error_text(ran.error())};
  if (ran->exit != kAccepted) return EvidenceFault{ran->exit, "no evidence could be made"};
  return to_buffer(as_bytes(ran->out));
}

}  // namespace ward::cli
