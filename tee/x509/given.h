#pragma once

#include <memory>
#include <new>
#include <optional>
#include <span>
#include <vector>

#include "attest/scheme.h"
#include "tee/x509/documents.h"
#include "tee/x509/signatures.h"

namespace ward::x509 {

// Whether a document belongs to one piece of evidence and says nothing of its platform: an event
// log.
using OwnDocument = bool (*)(Bytes);

// Set is what a scheme makes of documents when it reads them; it borrows none of them.
// PreparedSet is one that was made before. It lists, borrowed, the documents of which
// `belongs` is true.
template <class Set>
class PreparedSet final : public attest::Prepared {
 public:
  PreparedSet(const attest::Collateral& collateral, Set set, OwnDocument belongs)
      : Prepared(digest_of(all_of(collateral))), set_(std::move(set)) {
    for (const attest::Document& document : collateral.documents) {
      if (is_own(document, belongs)) own_.push_back(&document);
    }
  }

  // is_own is true for the documents that `belongs` is for, of a size that is looked at.
  [[nodiscard]] static bool is_own(const attest::Document& document, OwnDocument belongs) {
    return belongs != nullptr && document.bytes.size() <= attest::kMaxDocumentBytes &&
           belongs(document.bytes);
  }

  [[nodiscard]] const Set& set() const { return set_; }

  [[nodiscard]] std::span<const attest::Document* const> own() const { return own_; }

  // signatures are those that were found right with these documents.
  [[nodiscard]] RightSignatures& signatures() const { return signatures_; }

 private:
  Set set_;
  mutable RightSignatures signatures_;
  std::vector<const attest::Document*> own_;
};

// known_of makes the `Known` platform of the parts, and try_to_keep keeps one, which may be null.
// Remembering is optional: where memory ends, nothing is remembered, and the appraisal goes on.
template <class Known, class... Parts>
std::shared_ptr<const Known> known_of(const Parts&... parts) {
  try {
    return std::make_shared<const Known>(parts...);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

inline void try_to_keep(attest::PlatformStore& platforms, const attest::PlatformKey& key,
                        std::shared_ptr<const attest::Platform> known) {
  try {
    platforms.keep(key, std::move(known));
  } catch (const std::bad_alloc&) {
    return;
  }
}

// Given is the collateral of one job: what was read before and what came beside it.
template <class Set>
class Given {
 public:
  using Documents = std::span<const attest::Document* const>;
  using Read = Set (*)(Documents, OwnDocument);

  Given(const attest::Job& job, OwnDocument belongs, Read read)
      : job_(job),
        belongs_(belongs),
        read_(read),
        prepared_(static_cast<const PreparedSet<Set>*>(job.prepared)),
        signatures_(prepared_ == nullptr ? nullptr : &prepared_->signatures()) {
    if (prepared_ != nullptr) {
      own_.assign(prepared_->own().begin(), prepared_->own().end());
    }
    for (const attest::Document& document : job.collateral.documents) {
      (PreparedSet<Set>::is_own(document, belongs) ? own_ : beside_).push_back(&document);
    }
    const std::size_t before = prepared_ == nullptr ? 0 : job.source->documents.size();
    within_limits_ = before + job.collateral.documents.size() <= attest::kMaxDocuments;
    if (!within_limits_ && belongs != nullptr) drop_own_beyond_limits();
  }

  // own are the documents of this evidence alone, beside those that were given among the rest.
  [[nodiscard]] Documents own() const { return own_; }

  // beside are the others that were not read before.
  [[nodiscard]] Documents beside() const { return beside_; }

  // platforms is where to look for what is known; null where that cannot be used: what is asked
  // for is the whole work, or so many documents are given that which of them count depends on the
  // evidence's own.
  [[nodiscard]] attest::PlatformStore* platforms() const {
    return job_.work == nullptr && within_limits_ ? job_.platforms : nullptr;
  }

  // signatures verifies for this job, and knows what was found right before with the same
  // documents.
  [[nodiscard]] Signatures& signatures() { return signatures_; }

  // collateral reads what was not read before.
  [[nodiscard]] const Set& collateral() {
    const bool as_prepared = within_limits_ || belongs_ == nullptr;
    if (prepared_ != nullptr && beside_.empty() && as_prepared) return prepared_->set();
    if (!read_now_) read_now_ = read_(all(), belongs_);
    return *read_now_;
  }

 private:
  [[nodiscard]] std::vector<const attest::Document*> all() const {
    return prepared_ == nullptr ? all_of(job_.collateral) : all_of(*job_.source, &job_.collateral);
  }

  void drop_own_beyond_limits() {
    own_.clear();
    std::size_t number = 0;
    for (const attest::Document* document : all()) {
      if (number++ == attest::kMaxDocuments) break;
      if (PreparedSet<Set>::is_own(*document, belongs_)) own_.push_back(document);
    }
  }

  const attest::Job& job_;
  OwnDocument belongs_;
  Read read_;
  const PreparedSet<Set>* prepared_;
  bool within_limits_ = true;
  std::vector<const attest::Document*> own_;
  std::vector<const attest::Document*> beside_;
  std::optional<Set> read_now_;
  Signatures signatures_;
};

}  // namespace ward::x509
