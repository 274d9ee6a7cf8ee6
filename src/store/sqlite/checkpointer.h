#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "store/sqlite/connection.h"

namespace ward::store::sqlite {

// Checkpointer copies what was committed from the write-ahead log into the database, on a thread of
// its own: by itself SQLite does so within the commit that fills a thousand pages, and every thirty
// handshakes one waited for a thousand pages and two more writes to the disk. A commit is durable
// in the log; when it is copied changes nothing of that. The log is begun anew when all of it was
// copied and a commit comes, so it may grow while commits never cease: from kMostFrames on, the
// commit itself copies what is left. What fails is tried again after later commits.
class Checkpointer {
 public:
  static constexpr int kEvery = 1000;       // pages that a commit may leave before they are copied
  static constexpr int kMostFrames = 8000;  // pages in the log: 32 MiB

  // `connection` is the checkpointer's alone.
  explicit Checkpointer(Connection connection) : connection_(std::move(connection)) {}

  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;
  ~Checkpointer();

  // committed is told after each commit that wrote how many pages the log has. One thread at a
  // time; it makes the checkpointer's when there is something to do for the first time.
  void committed(int frames);

  // runs is how often the log was copied, as far as was possible.
  [[nodiscard]] std::uint64_t runs();

  // wait_for returns when there were that many runs.
  void wait_for(std::uint64_t runs);

 private:
  void work(const std::stop_token& stop);
  void copy();

  std::mutex copying_;
  Connection connection_;  // under copying_
  int frames_ = 0;         // of the thread that commits: pages in the log
  int due_ = kEvery;       // of the same: pages in it when the next run is due
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool wanted_ = false;     // under mutex_
  std::uint64_t runs_ = 0;  // under mutex_
  std::jthread thread_;     // last: it uses all above
};

// count_frames sets `frames`, at each commit of `db` that writes, to the number of pages in the
// log, and turns SQLite's own copying off. `frames` outlives the connection.
void count_frames(sqlite3* db, int& frames);

}  // namespace ward::store::sqlite
