#include "store/sqlite/checkpointer.h"

#include <system_error>
#include <utility>

namespace ward::store::sqlite {

Checkpointer::~Checkpointer() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::committed(int frames) {
  if (frames <= std::exchange(frames_, frames)) due_ = kEvery;  // the log was begun anew
  if (frames >= kMostFrames) return copy();
  if (frames < due_) return;
  due_ = frames + kEvery;
  if (!thread_.joinable()) {
    try {
      thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
    } catch (const std::system_error&) {  // no more threads
      return copy();
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  wanted_ = true;
  changed_.notify_all();
}

std::uint64_t Checkpointer::runs() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return runs_;
}

void Checkpointer::wait_for(std::uint64_t runs) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return runs_ >= runs; });
}

void Checkpointer::work(const std::stop_token& stop) {
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return wanted_; })) return;
      wanted_ = false;
    }
    copy();
  }
}

// Passive: it waits for nobody and keeps nobody waiting. Busy is no mistake: then it is another
// process that copies.
void Checkpointer::copy() {
  {
    const std::lock_guard<std::mutex> lock(copying_);
    (void)sqlite3_wal_checkpoint_v2(connection_.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                    nullptr);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  ++runs_;
  changed_.notify_all();
}

void count_frames(sqlite3* db, int& frames) {
  sqlite3_wal_hook(
      db,
      [](void* out, sqlite3* /*db*/, const char* /*name*/, int count) {
        *static_cast<int*>(out) = count;
        return SQLITE_OK;
      },
      &frames);
}

}  // namespace ward::store::sqlite
