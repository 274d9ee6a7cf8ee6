#pragma once

#include <string>

#include "apps/wardd/failure.h"
#include "base/result.h"

namespace ward::wardd {

// StoreLock keeps every other wardd off a store while it lives, and is let go by the kernel however
// the process ends: flock(2) on the file `<store>.lock`, which stays.
class StoreLock {
 public:
  // take does not wait. Exit 3 where another process has it, or the file cannot be made.
  [[nodiscard]] static Result<StoreLock, Failure> take(const std::string& store);

  StoreLock(StoreLock&& other) noexcept;
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;
  StoreLock& operator=(StoreLock&&) = delete;
  ~StoreLock();

 private:
  explicit StoreLock(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace ward::wardd
