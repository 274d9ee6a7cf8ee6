#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "broker/broker.h"
#include "protocol/exchange.h"
#include "server/own_request.h"
#include "server/query.h"

namespace ward::server {

// A page of entries ends behind the leaf that brings it to so many octets of leaves.
inline constexpr std::size_t kMaxEntriesBytes = 1U << 20U;

// LedgerRoutes answers what anybody may ask of the ledger, and what its auditors may
// (docs/wardd.md, docs/formats/ledger.md):
//   GET /v1/ledger/key                              the public key, text form of a NoteKey
//   GET /v1/ledger/checkpoint                       the newest signed checkpoint
//   GET /v1/ledger/proof/consistency?from=N&to=M    the tree of N leaves begins that of M
//   GET /v1/ledger/entries?after=INDEX&limit=N      administrators and auditors: the entries
//   GET /v1/ledger/proof/inclusion?entry=ID         administrators and auditors: one, and its proof
// Safe from several threads.
class LedgerRoutes {
 public:
  // `service` is borrowed and outlives the routes; `key` is the ledger's, as text.
  LedgerRoutes(const broker::Service& service, std::string key)
      : service_(service), key_(std::move(key)) {}

  // is_public is true for a path behind /v1/ that anybody may ask for, takes for all of these.
  [[nodiscard]] static bool is_public(std::string_view path);
  [[nodiscard]] static bool takes(std::string_view path);

  [[nodiscard]] protocol::HttpResponse answer_anybody(std::string_view path,
                                                      const Query& query) const;
  [[nodiscard]] protocol::HttpResponse answer(const OwnRequest& asked, std::string_view path) const;

 private:
  [[nodiscard]] protocol::HttpResponse checkpoint() const;
  [[nodiscard]] protocol::HttpResponse consistency(const Query& query) const;
  [[nodiscard]] protocol::HttpResponse entries(const Query& query) const;
  [[nodiscard]] protocol::HttpResponse inclusion(const Query& query) const;

  const broker::Service& service_;
  std::string key_;
};

}  // namespace ward::server
