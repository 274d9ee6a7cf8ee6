#include "store/sqlite/sqlite_store.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "store/sqlite/checkpointer.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/schema.h"

namespace ward::store {
namespace {

using sqlite::Checkpointer;
using sqlite::Connection;
using sqlite::Statement;

// Statements of one connection.
struct Statements {
  Statement get;
  Statement list;
  Statement list_keys;
  Statement put;
  Statement forget;
  Statement revision;
  Statement bump;
  Statement begin_reading;
  Statement begin_writing;
  Statement commit;
  Statement savepoint;
  Statement release;

  static Result<Statements> prepare(const Connection& c) {
    WARD_TRY(Statement get,
             Statement::prepare(c.raw(), "SELECT version, value FROM rows WHERE tbl=? AND key=?"));
    WARD_TRY(Statement list,
             Statement::prepare(c.raw(),
                                "SELECT key, version, value FROM rows WHERE tbl=?1 AND key>=?2"
                                " AND key>?3 AND substr(key,1,length(?2))=?2 AND value IS NOT NULL"
                                " ORDER BY key LIMIT ?4"));
    WARD_TRY(Statement list_keys,
             Statement::prepare(c.raw(),
                                "SELECT key, version FROM rows WHERE tbl=?1 AND key>=?2"
                                " AND key>?3 AND substr(key,1,length(?2))=?2 AND value IS NOT NULL"
                                " ORDER BY key LIMIT ?4"));
    WARD_TRY(Statement put,
             Statement::prepare(c.raw(),
                                "INSERT INTO rows(tbl,key,version,value) VALUES(?,?,?,?)"
                                " ON CONFLICT(tbl,key) DO UPDATE"
                                " SET version=excluded.version, value=excluded.value"));
    WARD_TRY(Statement forget,
             Statement::prepare(c.raw(), "DELETE FROM rows WHERE tbl=? AND key=?"));
    WARD_TRY(Statement revision,
             Statement::prepare(c.raw(), "SELECT value FROM meta WHERE name='revision'"));
    WARD_TRY(Statement bump,
             Statement::prepare(c.raw(), "UPDATE meta SET value=value+1 WHERE name='revision'"));
    WARD_TRY(Statement begin_reading, Statement::prepare(c.raw(), "BEGIN"));
    WARD_TRY(Statement begin_writing, Statement::prepare(c.raw(), "BEGIN IMMEDIATE"));
    WARD_TRY(Statement commit, Statement::prepare(c.raw(), "COMMIT"));
    WARD_TRY(Statement savepoint, Statement::prepare(c.raw(), "SAVEPOINT body"));
    WARD_TRY(Statement release, Statement::prepare(c.raw(), "RELEASE body"));
    return Statements{.get = std::move(get),
                      .list = std::move(list),
                      .list_keys = std::move(list_keys),
                      .put = std::move(put),
                      .forget = std::move(forget),
                      .revision = std::move(revision),
                      .bump = std::move(bump),
                      .begin_reading = std::move(begin_reading),
                      .begin_writing = std::move(begin_writing),
                      .commit = std::move(commit),
                      .savepoint = std::move(savepoint),
                      .release = std::move(release)};
  }
};

Result<Row> get_row(Statements& s, std::string_view table, std::string_view key) {
  WARD_CHECK_OK(check_name(table, key));
  WARD_TRY(const bool found, s.get.start().bind(table).bind_blob(as_bytes(key)).step());
  Row row;
  if (found) {
    const std::int64_t version = s.get.integer(0);
    if (version < 1) return Error(Errc::kMalformed, "store.sqlite: version");
    row.version = static_cast<std::uint64_t>(version);
    if (const auto value = s.get.blob(1)) row.value = to_buffer(*value);
  }
  s.get.stop();
  return row;
}

// Listing is what is asked of list.
struct Listing {
  std::string_view table;
  std::string_view prefix;
  std::string_view after;
  std::size_t limit;
};

// walk runs a listing's statement and calls `take` at each of its rows.
template <class Take>
Result<void> walk(Statement& s, const Listing& what, const Take& take) {
  WARD_CHECK_OK(check_list(what.table, what.prefix, what.limit));
  s.start().bind(what.table).bind_blob(as_bytes(what.prefix)).bind_blob(as_bytes(what.after));
  s.bind(static_cast<std::int64_t>(what.limit));
  while (true) {
    WARD_TRY(const bool row, s.step());
    if (!row) break;
    take();
  }
  s.stop();
  return {};
}

std::string key_of(Statement& s) {
  const auto key = s.blob(0);
  return key ? std::string(as_text(*key)) : std::string();
}

Result<std::vector<Listed>> list_rows(Statements& s, const Listing& what) {
  std::vector<Listed> out;
  WARD_CHECK_OK(walk(s.list, what, [&] {
    Listed item{.key = key_of(s.list),
                .value = {},
                .version = static_cast<std::uint64_t>(s.list.integer(1))};
    if (const auto value = s.list.blob(2)) item.value = to_buffer(*value);
    out.push_back(std::move(item));
  }));
  return out;
}

Result<std::vector<ListedKey>> list_row_keys(Statements& s, const Listing& what) {
  std::vector<ListedKey> out;
  WARD_CHECK_OK(walk(s.list_keys, what, [&] {
    out.push_back({key_of(s.list_keys), static_cast<std::uint64_t>(s.list_keys.integer(1))});
  }));
  return out;
}

class SqliteView : public View {
 public:
  explicit SqliteView(Statements& s) : s_(s) {}

  Result<Row> get(std::string_view table, std::string_view key) override {
    return get_row(s_, table, key);
  }

  Result<std::vector<Listed>> list(std::string_view table, std::string_view prefix,
                                   std::string_view after, std::size_t limit) override {
    return list_rows(s_, {table, prefix, after, limit});
  }

  Result<std::vector<ListedKey>> list_keys(std::string_view table, std::string_view prefix,
                                           std::string_view after, std::size_t limit) override {
    return list_row_keys(s_, {table, prefix, after, limit});
  }

 private:
  Statements& s_;
};

class SqliteTransaction : public Transaction {
 public:
  explicit SqliteTransaction(Statements& s) : s_(s) {}

  Result<Row> get(std::string_view table, std::string_view key) override {
    return get_row(s_, table, key);
  }

  Result<std::vector<Listed>> list(std::string_view table, std::string_view prefix,
                                   std::string_view after, std::size_t limit) override {
    return list_rows(s_, {table, prefix, after, limit});
  }

  Result<std::vector<ListedKey>> list_keys(std::string_view table, std::string_view prefix,
                                           std::string_view after, std::size_t limit) override {
    return list_row_keys(s_, {table, prefix, after, limit});
  }

  Result<std::uint64_t> put(std::string_view table, std::string_view key, Bytes value,
                            std::uint64_t expected) override {
    WARD_CHECK_OK(check_value(value));
    WARD_TRY(const Row row, get(table, key));
    if (row.version != expected) return Error(Errc::kStale, "store: put: version", row.version);
    return write(table, key, value, expected + 1);
  }

  Result<std::uint64_t> erase(std::string_view table, std::string_view key,
                              std::uint64_t expected) override {
    WARD_TRY(const Row row, get(table, key));
    if (row.version != expected || !row.value) {
      return Error(Errc::kStale, "store: erase: version", row.version);
    }
    return write(table, key, std::nullopt, expected + 1);
  }

  Result<void> forget(std::string_view table, std::string_view key) override {
    WARD_CHECK_OK(check_name(table, key));
    WARD_TRY(const bool row, s_.forget.start().bind(table).bind_blob(as_bytes(key)).step());
    s_.forget.stop();
    if (row) return Error(Errc::kInternal, "store.sqlite: forget answered");
    wrote_ = true;
    return {};
  }

  [[nodiscard]] bool wrote() const { return wrote_; }

 private:
  Result<std::uint64_t> write(std::string_view table, std::string_view key,
                              std::optional<Bytes> value, std::uint64_t version) {
    if (version > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return Error(Errc::kLimit, "store: version");
    }
    s_.put.start().bind(table).bind_blob(as_bytes(key)).bind(static_cast<std::int64_t>(version));
    if (value) {
      s_.put.bind_blob(*value);
    } else {
      s_.put.bind_null();
    }
    WARD_TRY(const bool row, s_.put.step());
    s_.put.stop();
    if (row) return Error(Errc::kInternal, "store.sqlite: put answered");
    wrote_ = true;
    return version;
  }

  Statements& s_;
  bool wrote_ = false;
};

// Session is a connection with its statements; one thread at a time.
struct Session {
  std::mutex mutex;
  Connection connection;
  Statements statements;

  Session(Connection c, Statements s) : connection(std::move(c)), statements(std::move(s)) {}

  static Result<std::unique_ptr<Session>> open(const Connection::Options& options) {
    WARD_TRY(Connection connection, Connection::open(options));
    WARD_TRY(Statements statements, Statements::prepare(connection));
    return std::make_unique<Session>(std::move(connection), std::move(statements));
  }
};

// run_once runs a statement that answers nothing.
Result<void> run_once(Statement& s) {
  WARD_TRY(const bool row, s.start().step());
  s.stop();
  if (row) return Error(Errc::kInternal, "store.sqlite: a statement answered");
  return {};
}

// Open is a transaction of a connection, rolled back on every path but a commit.
class Open {
 public:
  static Result<Open> begin(Session& session, Statement& how) {
    WARD_CHECK_OK(run_once(how));
    return Open(session);
  }

  Open(Open&& other) noexcept : session_(std::exchange(other.session_, nullptr)) {}

  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  Open& operator=(Open&&) = delete;

  ~Open() {
    if (session_ == nullptr || !alive()) return;
    if (session_->connection.run("ROLLBACK")) return;
    sqlite3_interrupt(session_->connection.raw());
  }

  // A full disk or a failed write may have rolled back already; what must hold is that no
  // transaction stays open.
  [[nodiscard]] bool alive() const {
    return sqlite3_get_autocommit(session_->connection.raw()) == 0;
  }

  Result<void> commit() { return run_once(session_->statements.commit); }

 private:
  explicit Open(Session& session) : session_(&session) {}

  Session* session_;  // null: moved from
};

// Act is a call of transact that waits for its turn, and then its outcome.
struct Act {
  const Store::Body& body;
  Result<void> outcome = Error(Errc::kUnavailable, "store.sqlite: nothing was committed");
  std::exception_ptr thrown = nullptr;
  bool done = false;
  std::condition_variable woken{};
};

// Writer runs the transactions of all threads on one connection. Acts that wait while others are
// made durable are run in one transaction by whoever comes first, each in a savepoint of its own:
// alone, in their order, each seeing what those before it wrote. Together they are on the disk
// before any of them returns, so that one write to it does for all.
class Writer {
 public:
  // `copying` is a connection for what copies the log.
  Writer(std::unique_ptr<Session> session, Connection copying)
      : session_(std::move(session)), checkpointer_(std::move(copying)) {
    sqlite::count_frames(session_->connection.raw(), frames_);
  }

  Result<void> transact(const Store::Body& body) {
    Act mine{.body = body};
    std::unique_lock<std::mutex> lock(mutex_);
    waiting_.push_back(&mine);
    mine.woken.wait(lock, [&] { return mine.done || (!busy_ && waiting_.front() == &mine); });
    if (!mine.done) lead(lock);
    lock.unlock();
    if (mine.thrown) std::rethrow_exception(mine.thrown);
    return mine.outcome;
  }

 private:
  // So that no request waits for many others; a service has fewer threads.
  static constexpr std::size_t kMostTogether = 16;

  // lead runs the acts that wait, of which the caller's is the first.
  void lead(std::unique_lock<std::mutex>& lock) {
    std::array<Act*, kMostTogether> taken{};
    const std::span<Act*> acts(taken.data(), std::min(waiting_.size(), kMostTogether));
    for (Act*& act : acts) {
      act = waiting_.front();
      waiting_.pop_front();
    }
    busy_ = true;
    lock.unlock();
    if (!run_together(acts)) {
      for (Act* act : acts) {
        run_alone(*act);
      }
    }
    if (frames_ > 0) checkpointer_.committed(std::exchange(frames_, 0));
    lock.lock();
    busy_ = false;
    for (Act* act : acts) {
      act->done = true;
      act->woken.notify_one();  // under the lock: its thread cannot have gone yet
    }
    if (!waiting_.empty()) waiting_.front()->woken.notify_one();
  }

  // call runs an act's body and counts its transaction; false where it failed, for which the act
  // says why.
  bool call(Act& act) {
    act.thrown = nullptr;
    SqliteTransaction tx(session_->statements);
    try {
      act.outcome = act.body(tx);
      if (act.outcome && tx.wrote()) act.outcome = run_once(session_->statements.bump);
    } catch (...) {
      act.thrown = std::current_exception();
      return false;
    }
    return act.outcome.has_value();
  }

  void run_alone(Act& act) {
    // IMMEDIATE takes the write lock now, so that no read of the body can go stale.
    auto open = Open::begin(*session_, session_->statements.begin_writing);
    if (!open) {
      act.outcome = open.error();
    } else if (call(act)) {
      act.outcome = open->commit();
    }
  }

  // run_together is false where nothing was written and each act is to be tried alone: there are
  // not several of them, or one of them lost the transaction for all.
  bool run_together(std::span<Act* const> acts) {
    if (acts.size() == 1) return false;
    auto open = Open::begin(*session_, session_->statements.begin_writing);
    if (!open) return false;
    for (Act* act : acts) {
      if (!run_once(session_->statements.savepoint)) return false;
      const bool kept = call(*act);
      if (!open->alive()) return false;
      if (!kept && !session_->connection.run("ROLLBACK TO body")) return false;
      if (!run_once(session_->statements.release)) return false;
    }
    // One that failed may have seen what is not committed: then each is asked again, alone.
    return open->commit().has_value();
  }

  int frames_ = 0;                    // in the log, where acts were committed; of whoever leads
  std::unique_ptr<Session> session_;  // of whoever leads
  Checkpointer checkpointer_;         // told by whoever leads
  std::mutex mutex_;
  std::deque<Act*> waiting_;  // their threads wait in transact
  bool busy_ = false;
};

class SqliteStore : public Store {
 public:
  SqliteStore(std::unique_ptr<Writer> writer, std::unique_ptr<Session> reader)
      : writer_(std::move(writer)), reader_(std::move(reader)) {}

  Result<void> transact(const Body& body) override {
    if (!writer_) return Error(Errc::kDenied, "store.sqlite: opened for reading only");
    return writer_->transact(body);
  }

  Result<void> read(const std::function<Result<void>(View&)>& body) override {
    const std::lock_guard<std::mutex> lock(reader_->mutex);
    WARD_TRY(const Open open, Open::begin(*reader_, reader_->statements.begin_reading));
    SqliteView view(reader_->statements);
    return body(view);
  }

  Result<std::uint64_t> revision() override {
    const std::lock_guard<std::mutex> lock(reader_->mutex);
    Statement& s = reader_->statements.revision;
    WARD_TRY(const bool row, s.start().step());
    const std::int64_t value = row ? s.integer(0) : -1;
    s.stop();
    if (value < 0) return Error(Errc::kMalformed, "store.sqlite: revision");
    return static_cast<std::uint64_t>(value);
  }

 private:
  std::unique_ptr<Writer> writer_;  // null for a store that was opened for reading
  std::unique_ptr<Session> reader_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options) {
  if (options.path.empty() || options.path.find('\0') != std::string::npos) {
    return Error(Errc::kMalformed, "store.sqlite: path");
  }
  if (options.create && !options.read_only) {
    WARD_CHECK_OK(sqlite::create_private_file(options.path));
  }
  Connection::Options open{options.path.c_str(), options.read_only, options.busy_timeout_ms};
  {
    WARD_TRY(Connection first, Connection::open(open));
    WARD_CHECK_OK(options.read_only ? sqlite::check_schema(first) : sqlite::prepare_schema(first));
  }
  std::unique_ptr<Writer> writer;
  if (!options.read_only) {
    WARD_TRY(auto session, Session::open(open));
    WARD_TRY(Connection copying, Connection::open(open));
    writer = std::make_unique<Writer>(std::move(session), std::move(copying));
  }
  open.read_only = true;
  WARD_TRY(std::unique_ptr<Session> reader, Session::open(open));
  return std::unique_ptr<Store>(
      std::make_unique<SqliteStore>(std::move(writer), std::move(reader)));
}

}  // namespace ward::store
