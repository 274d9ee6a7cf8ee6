#pragma once

#include <string_view>

#include "broker/broker.h"
#include "broker/incident.h"
#include "protocol/exchange.h"
#include "server/own_request.h"

namespace ward::server {

// IncidentRoutes answers (docs/protocols/incidents.md):
//   POST /v1/incidents                what is affected; with "apply": true, and refuse it
//   GET /v1/incidents                 those that there are, without what was released
//   GET /v1/incidents/ID              one; GET /v1/incidents/ID/report  its signed report (JWS)
//   POST /v1/incidents/ID/close
// Safe from several threads.
class IncidentRoutes {
 public:
  explicit IncidentRoutes(const broker::Service& service)
      : service_(service), incidents_(service) {}

  // takes is true for a path behind /v1/ that is one of these.
  [[nodiscard]] static bool takes(std::string_view path);

  [[nodiscard]] protocol::HttpResponse answer(const OwnRequest& asked, std::string_view path) const;

 private:
  [[nodiscard]] protocol::HttpResponse open(const OwnRequest& asked) const;
  [[nodiscard]] protocol::HttpResponse list(const OwnRequest& asked) const;
  [[nodiscard]] protocol::HttpResponse shown(const broker::Incident& incident) const;

  const broker::Service& service_;
  broker::Incidents incidents_;
};

}  // namespace ward::server
