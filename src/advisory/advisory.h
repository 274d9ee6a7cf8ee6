#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"

// The known attacks on TEEs, and what one appraisal shows of each. The attacks are data
// (attacks.tsv, here and in a TEE's folder, and listed.tsv; docs/advisories.md says what their
// columns mean). A value that nobody
// verified is marked so, and decides nothing.
namespace ward::advisory {

// Item is one value of a cell.
struct Item {
  std::string text;
  bool verified = true;
};

// Date is when an attack became public, as far as it is known.
struct Date {
  int year = 0;        // 0: not known
  unsigned month = 0;  // 0: not known
  unsigned day = 0;    // 0: not known
  bool verified = true;

  [[nodiscard]] bool known() const { return year != 0; }
};

// Condition demands something of a field of the evidence (attest::FieldInfo::id).
struct Condition {
  enum class Kind : std::uint8_t { kIs, kIsNot, kAtLeast };
  std::string field;
  Kind kind = Kind::kIs;
  std::vector<std::string> values;  // kIs, kIsNot: any of them; kAtLeast: one
};

// What may stand in a way beside conditions.
enum class Word : std::uint8_t {
  kNotListed,  // the maker's TCB documents are new enough to list the attack's advisories, and the
               // level that matches is up to date in every part and lists none
  kUnlessListed,  // holds unless the level that matches lists one
  kUnknown,       // nothing that is verified says which values are enough
  kCannot,        // no field shows it
};

// Way is one way to see that an attack is closed: all of it must hold.
struct Way {
  std::vector<Condition> scope;  // which platforms it is for
  std::vector<Condition> conditions;
  std::vector<Word> words;
};

// Attack is a row of attacks.tsv. Empty lists: the cell says "-".
struct Attack {
  std::string id;  // "badram"; never changes its meaning
  std::string name;
  std::vector<Item> aliases;
  std::vector<Item> cves;
  std::vector<Item> disclosed;
  std::string attack_class;
  std::vector<Item> affects;
  std::vector<Item> advisories;
  std::vector<Item> mitigated_by;
  std::vector<Item> references;
  std::vector<Item> tees;  // "sgx", or a name of tee_titles()
  std::vector<Condition> affected_if;
  std::vector<Way> closed_by;
  std::string policy;  // what a person can do besides; may be empty
  Date date;           // the first of `disclosed`
};

// Where an attack is possible, and the name for people. "intel" and "amd" stand for processors
// whatever the TEE, "any" for every TEE, "other" for none.
struct TeeTitle {
  std::string name;
  std::string title;
  std::string maker;                 // "intel", "amd"; "" where it is none of theirs
  std::vector<std::string> beneath;  // the TEEs that its evidence may stand on: "snp", "tdx"
};

[[nodiscard]] std::span<const TeeTitle> tee_titles();

// attacks lists every row, in the table's order (by date). The objects live for ever.
[[nodiscard]] std::span<const Attack> attacks();

// bears_on is true where it is verified that the attack is possible on this TEE ("snp"): the row
// names it, its maker's processors, or every TEE.
[[nodiscard]] bool bears_on(const Attack& attack, std::string_view tee);

enum class State : std::uint8_t {
  kOpen,      // a fact of the evidence or the collateral shows that what closes it is absent
  kNotShown,  // such evidence could show it; this one does not, or nobody said by which values
  kCannot,    // no field of such evidence shows it
  kClosed,    // facts that the maker vouches for show that it is closed, or not possible here
};

[[nodiscard]] const char* to_text(State state);  // "open", "not shown", "cannot be shown", "closed"

// Exposure is what one appraisal shows of one attack.
struct Exposure {
  const Attack* attack = nullptr;  // of attacks()
  State state = State::kNotShown;
  std::string why;                  // the facts; may quote evidence
  std::vector<std::string> policy;  // lines that close it, or demand that it be closed: options of
                                    // `ward verify`, or a sentence; empty where there is none
};

// judge says of each attack that bears on the appraisal's TEE how it stands, in the order of
// attacks(). Where the appraisal is not `genuine`, or is of a development platform, nothing is
// closed. Pure.
[[nodiscard]] std::vector<Exposure> judge(const attest::Appraisal& appraisal);

}  // namespace ward::advisory
