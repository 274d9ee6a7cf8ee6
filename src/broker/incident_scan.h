#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "broker/incident.h"
#include "ledger/entry.h"
#include "store/store.h"

// Reads the ledger for an incident. Internal to the broker.
namespace ward::broker {

// ScanFor is what the ledger is read for.
enum class ScanFor : std::uint8_t { kTrial, kIncident };

// ScanPlace is leave to read the whole ledger. Threads that answer requests are few, and a ledger
// may be long: in one process one trial and two incidents have a place at a time. Thread safe.
class ScanPlace {
 public:
  // take is nullopt where all places are taken.
  [[nodiscard]] static std::optional<ScanPlace> take(ScanFor what);

  ScanPlace(const ScanPlace&) = delete;
  ScanPlace& operator=(const ScanPlace&) = delete;

  ScanPlace(ScanPlace&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}

  ScanPlace& operator=(ScanPlace&&) = delete;
  ~ScanPlace();

 private:
  explicit ScanPlace(std::atomic<int>& taken) : taken_(&taken) {}

  std::atomic<int>* taken_;
};

// IncidentScan follows attestations to what was released on their results.
class IncidentScan {
 public:
  // A result may be shown for `token_life_s` after the leaf that it was issued with.
  IncidentScan(IncidentSubject subject, std::int64_t token_life_s);

  // go_on reads the leaves behind those that were read. kMalformed: the store holds no ledger.
  [[nodiscard]] Result<void> go_on(store::View& view);

  // look_back reads the attestations of `since` and later alone, the newest first: what
  // tokens_since needs, without the whole ledger. go_on reads what comes behind. For a scan that is
  // good for nothing else.
  [[nodiscard]] Result<void> look_back(store::View& view, UnixTime since);

  [[nodiscard]] const Affected& affected() const { return affected_; }

  // versions is the newest version of each resource that was released to the subject.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& versions() const { return versions_; }

  // tokens_since are the results, by result_digest, that were issued to the subject at `time` or
  // later.
  [[nodiscard]] std::set<std::string> tokens_since(UnixTime time) const;

 private:
  struct Token {
    UnixTime issued;
    bool affected = false;  // else: it is not known
    std::string platforms;
  };

  void take_attestation(const ledger::Entry& entry);
  void take_release(std::uint64_t index, const ledger::Entry& entry);
  void list(AffectedRelease release);
  [[nodiscard]] bool is_workload(const ledger::Entry& entry) const;

  IncidentSubject subject_;
  Buffer workload_;  // that of the subject, where it is one
  std::int64_t token_life_s_;
  Affected affected_;
  std::map<std::string, Token> tokens_;  // those that are affected, or not known
  std::set<std::string> unaffected_;     // those that may still be shown
  std::deque<std::pair<UnixTime, std::string>> unaffected_since_;
  std::size_t listed_octets_ = 0;
  std::map<std::string, std::uint64_t> versions_;
};

}  // namespace ward::broker
