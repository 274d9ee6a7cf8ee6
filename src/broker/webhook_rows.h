#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "broker/webhooks.h"
#include "store/store.h"

// The rows of webhooks.h. Internal to the broker.
namespace ward::broker {

[[nodiscard]] bool is_webhook_id(std::string_view id);

// load_webhook opens one; nullopt where there is none. kUntrusted, kMalformed: the row is damaged.
[[nodiscard]] Result<std::optional<Webhook>> load_webhook(store::View& view, const Keys& keys,
                                                          std::string_view id);

// save_webhook writes a new one.
[[nodiscard]] Result<void> save_webhook(store::Transaction& tx, const Service& service,
                                        const Webhook& webhook);

// LoadedState is a state with its row's version.
struct LoadedState {
  WebhookState state;
  std::uint64_t version = 0;
};

[[nodiscard]] Result<std::optional<LoadedState>> load_state(store::View& view, std::string_view id);

// save_state writes it where the row's version is `version` (0: there is none yet).
[[nodiscard]] Result<void> save_state(store::Transaction& tx, std::string_view id,
                                      const WebhookState& state, std::uint64_t version);

}  // namespace ward::broker
