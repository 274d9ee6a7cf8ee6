#pragma once

#include <string_view>

#include "base/time.h"
#include "broker/admin.h"
#include "broker/replay.h"
#include "protocol/exchange.h"
#include "server/own_request.h"

namespace ward::server {

// ArchiveRoutes answers what administrators ask of the archive (docs/wardd.md):
//   POST /v1/replay                       one step of a candidate policy's replay
//   GET  /v1/appraisals?since=T&after=ID  what is archived, in pages of `limit`
//   GET  /v1/appraisals/ID                one appraisal as it was
//   POST /v1/appraisals/ID/repeat         one appraisal again
// Safe from several threads.
class ArchiveRoutes {
 public:
  explicit ArchiveRoutes(const broker::Service& service) : replay_(service) {}

  // takes is true for a path, behind /v1/ and without its query, that is one of these.
  [[nodiscard]] static bool takes(std::string_view path);

  [[nodiscard]] protocol::HttpResponse answer(const OwnRequest& asked, std::string_view path) const;

 private:
  [[nodiscard]] protocol::HttpResponse replay(Bytes body, const broker::Actor& actor,
                                              UnixTime now) const;
  [[nodiscard]] protocol::HttpResponse list(const OwnRequest& asked) const;
  [[nodiscard]] protocol::HttpResponse repeat(std::string_view id, Bytes body,
                                              const broker::Actor& actor, UnixTime now) const;

  broker::Replay replay_;
};

}  // namespace ward::server
