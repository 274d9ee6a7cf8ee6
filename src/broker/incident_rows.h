#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "broker/incident.h"
#include "store/store.h"

// The rows that incidents are kept in. Internal to the broker.
namespace ward::broker {

// put_over writes a row whatever stands there. Errors of the store.
[[nodiscard]] Result<void> put_over(store::Transaction& tx, std::string_view table,
                                    const std::string& key, std::string_view value);

// save_incident writes one, and load_incident reads it; nullopt: there is none. kMalformed,
// kUntrusted: the row is damaged.
[[nodiscard]] Result<void> save_incident(store::Transaction& tx, const Service& service,
                                         const Incident& incident);
[[nodiscard]] Result<std::optional<Incident>> load_incident(store::View& view,
                                                            const Service& service,
                                                            std::string_view id);

// open_subjects are those of all that are open. kMalformed: a row is damaged.
[[nodiscard]] Result<std::vector<IncidentSubject>> open_subjects(store::View& view);

// add_open_incident writes a new one, which no policy for evidence may leave out from then on.
// Where kMaxIncidents are kept the oldest that is closed is forgotten; false: all of them are open.
[[nodiscard]] Result<bool> add_open_incident(store::Transaction& tx, const Service& service,
                                             const Incident& incident);

}  // namespace ward::broker
