#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/time.h"
#include "broker/sealed_rows.h"
#include "crypto/digest.h"
#include "crypto/rng.h"
#include "protocol/exchange.h"
#include "store/store.h"

// Idempotency keys (draft-ietf-httpapi-idempotency-key-header-07): the same request under the same
// key is done once.
namespace ward::server {

inline constexpr std::string_view kKeyTable = "api.idempotency";  // actor/key: sealed, the answer
inline constexpr std::string_view kKeyTimeTable = "api.idempotency.time";  // actor/expiry/key
inline constexpr std::int64_t kKeyLife_s = 86400;
inline constexpr std::size_t kMaxKeys = 1000;  // of one actor at a time
inline constexpr std::size_t kMaxKeyText = 128;
inline constexpr std::size_t kMaxKeptAnswer = 64U << 10U;  // octets

// KeyedRequest is one request that carries a key.
struct KeyedRequest {
  std::string actor;            // who asks
  std::string key;              // the key's text
  crypto::Sha256Digest digest;  // of method, target, conditions, type and body
  UnixTime now;
};

// key_of reads the header, a structured field's string (RFC 8941 section 3.3.3): "8e03978e".
// nullopt where it is none, is empty or longer than kMaxKeyText, or holds an escape.
[[nodiscard]] std::optional<std::string> key_of(std::string_view header);

// digest_of is KeyedRequest::digest.
[[nodiscard]] crypto::Sha256Digest digest_of(const protocol::HttpRequest& request);

// What is known of a key before the request is done.
enum class KeyState : std::uint8_t {
  kNew,
  kAnswered,  // with the same request: Found::answer is what came of it
  kBegun,     // with the same request: at work, or its answer was lost
  kOther,     // with another request
};

// Found is that, and the answer.
struct Found {
  KeyState state = KeyState::kNew;
  protocol::HttpResponse answer{};
};

// KeyedStore is a store whose transactions can be joined to a key. While a Scope lives, each
// transaction that its thread makes writes the key's row too, so that the act and the key are both
// durable or neither is; the answer is written when it is known. Where the process ends in between,
// the key says that the act was done and its answer lost: nothing is ever done twice. The answers
// that are kept hold no secret: which routes keep theirs says kOwnRoutes. Safe from several
// threads.
class KeyedStore final : public store::Store {
 public:
  explicit KeyedStore(std::unique_ptr<store::Store> store) : store_(std::move(store)) {}

  // Scope is one request under its key; for the thread that makes it, one at a time.
  class Scope {
   public:
    // `rows` and `rng` are borrowed.
    Scope(KeyedStore& store, const broker::SealedRows& rows, crypto::Rng& rng,
          KeyedRequest request);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();

    // find looks the key up, before anything is done.
    [[nodiscard]] Result<Found> find();

    // end keeps the answer of an act that was done, and forgets the key of one that was refused.
    [[nodiscard]] Result<void> end(const protocol::HttpResponse& answer);

    // Why a transaction was refused: somebody else began with the same key, or kMaxKeys are kept.
    [[nodiscard]] bool collided() const { return collided_; }

    [[nodiscard]] bool full() const { return full_; }

   private:
    friend class KeyedStore;

    [[nodiscard]] Result<void> join(store::Transaction& tx);
    [[nodiscard]] Result<void> make_room(store::Transaction& tx);
    [[nodiscard]] Result<void> forget(store::Transaction& tx);
    [[nodiscard]] Buffer row(const protocol::HttpResponse* answer) const;

    KeyedStore& store_;
    const broker::SealedRows& rows_;
    crypto::Rng& rng_;
    KeyedRequest request_;
    std::string actor_;  // digests: of the actor, and "actor/key"
    std::string row_;
    std::string time_row_;
    bool joined_ = false;
    bool collided_ = false;
    bool full_ = false;
  };

  Result<void> transact(const Body& body) override;
  Result<void> read(const std::function<Result<void>(store::View&)>& body) override;
  Result<std::uint64_t> revision() override;

 private:
  [[nodiscard]] Scope* scope();

  std::unique_ptr<store::Store> store_;
  std::mutex mutex_;
  std::map<std::thread::id, Scope*> scopes_;  // under mutex_
};

}  // namespace ward::server
