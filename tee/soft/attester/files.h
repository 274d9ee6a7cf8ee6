#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "pki/certificate.h"

// The files of a development platform's folder. Each text names the file and says what is wrong.
namespace ward::soft {

// Modes of files and folders that hold no secret, and of those that do.
inline constexpr mode_t kPublicFile = 0644;
inline constexpr mode_t kSecretFile = 0600;
inline constexpr mode_t kPublicFolder = 0755;
inline constexpr mode_t kSecretFolder = 0700;

// make_folder makes one that does not exist yet, whose parent does.
[[nodiscard]] Result<void, std::string> make_folder(const std::string& path, mode_t mode);

// write_file makes a file that does not exist yet, and returns once it is on the disk.
[[nodiscard]] Result<void, std::string> write_file(const std::string& path, Bytes bytes,
                                                   mode_t mode);

// read_public and read_secret read a regular file of at most 1 MiB into memory that is wiped. A
// secret may be readable by its owner alone.
[[nodiscard]] Result<SecretBytes, std::string> read_public(const std::string& path);
[[nodiscard]] Result<SecretBytes, std::string> read_secret(const std::string& path);

// foreign is the text for a file that no `ward dev init` wrote.
[[nodiscard]] std::string foreign(const std::string& path, const std::string& why);

// read_key reads a private key; read_chain a public PEM file of three certificates, the leaf first.
[[nodiscard]] Result<crypto::PrivateKey, std::string> read_key(const std::string& path);
[[nodiscard]] Result<std::vector<pki::Certificate>, std::string> read_chain(
    const std::string& path);

}  // namespace ward::soft
