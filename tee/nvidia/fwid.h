#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "pki/certificate.h"

// The firmware that a device's certificate was issued for (TCG DICE Attestation Architecture).
namespace ward::nvidia {

// has_fwid is true where the certificate has one of the two extensions.
[[nodiscard]] bool has_fwid(const pki::Certificate& certificate);

// fwid_of reads the SHA-384 digest of the firmware out of the extension tcg-dice-fwid as Hopper and
// NVSwitch have it (2.23.133.5.4.1), or the first of tcg-dice-TcbInfo's fwids, Blackwell's
// (2.23.133.5.4.1.1). kMalformed.
[[nodiscard]] Result<Buffer> fwid_of(const pki::Certificate& certificate);

// The extensions with a digest of 48 octets: the inverse, for devices that we make ourselves.
// `spki` is the key of the device that issues the certificate.
[[nodiscard]] pki::Extension fwid_extension(Bytes digest, Bytes spki);
[[nodiscard]] pki::Extension tcb_info_extension(Bytes digest);

}  // namespace ward::nvidia
