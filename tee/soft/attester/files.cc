#include "tee/soft/attester/files.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ward::soft {
namespace {

constexpr std::size_t kMaxFile = 1U << 20U;

std::string trouble(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::generic_category().message(errno);
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}

  File(const File&) = delete;
  File& operator=(const File&) = delete;

  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// `secret` demands that nobody else may read it.
Result<SecretBytes, std::string> read_file(const std::string& path, bool secret) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) return trouble(path, "cannot be opened");

  struct stat st {};

  if (::fstat(file.get(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 ||
      static_cast<std::size_t>(st.st_size) > kMaxFile) {
    return foreign(path, "no regular file of at most 1 MiB");
  }
  if (secret && (st.st_mode & 077U) != 0) {
    return path +
           ": a secret that others may read; run chmod 600 and make a new platform if somebody did";
  }
  SecretBytes out(static_cast<std::size_t>(st.st_size));
  std::size_t at = 0;
  while (at < out.size()) {
    const ssize_t n = ::read(file.get(), out.expose_mut().data() + at, out.size() - at);
    if (n <= 0) return path + ": cannot be read whole";
    at += static_cast<std::size_t>(n);
  }
  return out;
}

}  // namespace

Result<void, std::string> make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0) return trouble(path, "cannot be made");
  return {};
}

Result<void, std::string> write_file(const std::string& path, Bytes bytes, mode_t mode) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.get() < 0) return trouble(path, "cannot be created");
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = ::write(file.get(), bytes.data() + at, bytes.size() - at);
    if (n <= 0) return trouble(path, "cannot be written");
    at += static_cast<std::size_t>(n);
  }
  if (::fsync(file.get()) != 0) return trouble(path, "cannot be written");
  return {};
}

Result<SecretBytes, std::string> read_public(const std::string& path) {
  return read_file(path, false);
}

Result<SecretBytes, std::string> read_secret(const std::string& path) {
  return read_file(path, true);
}

std::string foreign(const std::string& path, const std::string& why) {
  return path + ": not what `ward dev init` writes: " + why;
}

Result<crypto::PrivateKey, std::string> read_key(const std::string& path) {
  WARD_TRY(const SecretBytes octets, read_secret(path));
  auto key = crypto::PrivateKey::from_pkcs8(octets.expose());
  if (!key) return foreign(path, key.error().what());
  return *std::move(key);
}

Result<std::vector<pki::Certificate>, std::string> read_chain(const std::string& path) {
  WARD_TRY(const SecretBytes octets, read_public(path));
  auto chain = pki::parse_certificates(as_text(octets.expose()));
  if (!chain) return foreign(path, chain.error().what());
  if (chain->size() != 3) return foreign(path, "not a chain of three certificates");
  return *std::move(chain);
}

}  // namespace ward::soft
