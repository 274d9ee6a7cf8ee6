#include "tee/nvidia/device_list.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace ward::nvidia {
namespace {

using attest::Check;
using attest::Claim;
using attest::NotDone;
using attest::Outcome;

std::string nth(std::size_t index) { return "device " + std::to_string(index + 1) + ": "; }

// How bad an entry is; of equals the first device's is taken.
int badness(const Check& check) {
  if (check.outcome == Outcome::kFailed) return 3;
  if (check.outcome == Outcome::kPassed) return 0;
  if (check.not_done == NotDone::kNotAsked) return -1;  // of this kind of device
  return check.not_done == NotDone::kAbsent ? 2 : 1;
}

void join_checks(const std::vector<JudgedDevice>& devices, std::vector<Check>& out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::size_t worst = 0;
    for (std::size_t d = 1; d < devices.size(); ++d) {
      if (badness(devices[d].findings.checks[i]) > badness(devices[worst].findings.checks[i])) {
        worst = d;
      }
    }
    out[i] = devices[worst].findings.checks[i];
    if (badness(out[i]) <= 0) continue;
    std::string& text = out[i].outcome == Outcome::kFailed ? out[i].found : out[i].expected;
    text = nth(worst) + text;
  }
}

void join_claims(const std::vector<JudgedDevice>& devices,
                 std::span<const attest::FieldInfo> fields, std::vector<Claim>& out) {
  std::vector<Claim> named;
  for (const attest::FieldInfo& field : fields) {
    std::vector<std::string> values;
    for (const JudgedDevice& device : devices) {
      for (const Claim& claim : device.findings.claims) {
        if (claim.name != field.claim) continue;
        const auto texts = attest::value_texts(claim.value);
        values.insert(values.end(), texts.begin(), texts.end());
      }
    }
    // Not stated by all is not stated: nothing speaks for those that keep silent.
    if (values.size() >= devices.size()) named.push_back({field.claim, std::move(values)});
  }
  for (std::size_t d = 0; d < devices.size(); ++d) {
    for (const Claim& claim : devices[d].findings.claims)
      out.push_back({"device." + std::to_string(d + 1) + "." + claim.name, claim.value});
  }
  out.insert(out.begin(), named.begin(), named.end());
}

void join_facts(const std::vector<JudgedDevice>& devices, attest::Facts& out) {
  out.debug = false;
  for (const JudgedDevice& device : devices) {
    const attest::Facts& facts = device.findings.facts;
    if (facts.debug == true) out.debug = true;
  }
  for (const JudgedDevice& device : devices) {
    const attest::Facts& facts = device.findings.facts;
    if (!facts.debug && out.debug == false) out.debug = std::nullopt;
    for (const std::string& product : facts.products) {
      if (std::ranges::find(out.products, product) == out.products.end()) {
        out.products.push_back(product);
      }
    }
  }
  out.chips.clear();  // a policy accepts any one of them, and each must be on its list
}

}  // namespace

attest::Findings join_devices(std::vector<JudgedDevice> devices,
                              std::span<const attest::FieldInfo> fields) {
  std::set<Buffer> different;
  for (const JudgedDevice& device : devices)
    different.insert(device.identity);
  attest::Findings out = devices.front().findings;
  if (devices.size() > 1) {
    join_checks(devices, out.checks);
    out.claims.clear();
    join_claims(devices, fields, out.claims);
    join_facts(devices, out.facts);
    for (std::size_t d = 1; d < devices.size(); ++d) {
      const attest::Findings& one = devices[d].findings;
      out.development = out.development || one.development;
      std::ranges::copy_if(one.notes, std::back_inserter(out.notes), [&](const std::string& note) {
        return std::ranges::find(out.notes, note) == out.notes.end();
      });
    }
  }
  if (different.size() < devices.size()) {
    out.warnings.push_back("the list of " + std::to_string(devices.size()) + " devices names " +
                           std::to_string(different.size()) +
                           " different ones: nothing speaks for more");
  }
  out.facts.devices.assign(different.begin(), different.end());
  out.claims.insert(out.claims.begin(), Claim{"devices", std::uint64_t{different.size()}});
  return out;
}

}  // namespace ward::nvidia
