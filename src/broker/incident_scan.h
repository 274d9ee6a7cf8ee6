#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/result.h"
#include "broker/incident.h"
#include "ledger/entry.h"
#include "store/store.h"

// Reads the ledger for an incident. Internal to the broker.
namespace ward::broker {

// IncidentScan follows attestations to what was released on their results.
class IncidentScan {
 public:
  explicit IncidentScan(IncidentSubject subject) : subject_(std::move(subject)) {}

  // go_on reads the leaves behind those that were read. kMalformed: the store holds no ledger.
  [[nodiscard]] Result<void> go_on(store::View& view);

  [[nodiscard]] const Affected& affected() const { return affected_; }

  // versions is the newest version of each resource that was released to the subject.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& versions() const { return versions_; }

  // tokens_since are the results, by SHA-256, that were issued to the subject at `time` or later.
  [[nodiscard]] std::set<std::string> tokens_since(UnixTime time) const;

 private:
  struct Token {
    UnixTime issued;
    bool affected = false;  // else: it is not known
    std::string platforms;
  };

  void take_attestation(const ledger::Entry& entry);
  void take_release(std::uint64_t index, const ledger::Entry& entry);

  IncidentSubject subject_;
  Affected affected_;
  std::map<std::string, Token> tokens_;  // those alone that are affected, or not known
  std::map<std::string, std::uint64_t> versions_;
};

}  // namespace ward::broker
