// The project's own vectors of every TEE, tee/*/testdata/valid, as what is timed.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bench/platform.h"
#include "tee/all.h"
#include "tee/x509/anchors.h"

namespace ward::bench {
namespace {

namespace fs = std::filesystem;

// The value of one fact of case.txt (test/conformance/README.md); empty where it does not stand.
std::string fact_of(const fs::path& folder, std::string_view name) {
  std::ifstream in(folder / "case.txt");
  for (std::string key, value; in >> key >> value;) {
    if (key == name) return value;
  }
  return "";
}

std::unique_ptr<const Platform> own_platform(const fs::path& folder) {
  auto out = std::make_unique<Platform>();
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name == "case.txt") continue;
    Buffer octets = read_file(entry.path());
    if (name == "root_ca.pem") out->roots = *x509::development_anchors(as_text(octets));
    if (name == "evidence") {
      out->evidence = std::move(octets);
    } else {
      out->documents.documents.push_back({name, std::move(octets)});
    }
  }
  std::ranges::sort(out->documents.documents, {}, &attest::Document::name);
  out->now = *parse_rfc3339(fact_of(folder, "at"));
  out->expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}};
  out->policy.allow_development = true;
  out->verifier =
      std::make_unique<const verifier::Verifier>(tee::all_schemes(), out->roots, out->policy);
  return out;
}

}  // namespace

const std::vector<NamedPlatform>& tee_platforms() {
  static const auto platforms = [] {
    std::vector<NamedPlatform> out;
    for (const attest::Scheme* scheme : tee::all_schemes()) {
      const std::string tee = scheme->info().name;
      if (tee == "sgx" || tee == "tdx" || tee == "snp") continue;
      for (const auto& folder :
           fs::directory_iterator(fs::path(WARD_TEE_FOLDER) / tee / "testdata/valid")) {
        const std::string name = folder.path().filename();
        out.push_back({tee + "." + name, own_platform(folder.path()).release()});
      }
    }
    std::ranges::sort(out, {}, &NamedPlatform::name);
    return out;
  }();
  return platforms;
}

std::vector<HotPath> tee_paths() {
  std::vector<HotPath> out;
  for (const NamedPlatform& one : tee_platforms()) {
    auto path = cold_path("verify." + one.name + ".cold", *one.platform);
    const bool no_base = !path && path.error().code() == Errc::kUnsupported;
    if (!path && !no_base) std::abort();  // the evidence is this program's own
    HotPath made = no_base ? HotPath{.name = "verify." + one.name + ".cold",
                                     .bytes = one.platform->evidence.size(),
                                     .run = [&one] { return one.platform->accepted(); }}
                           : *std::move(path);
    made.area = "tees";
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace ward::bench
