#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "attest/appraisal.h"
#include "base/bytes.h"
#include "pki/certificate.h"
#include "tee/x509/path.h"

// What a development platform writes into everything that it makes. The one switch is which roots
// a relying party trusts; the mark is the second fence behind it, for people and for this check.
namespace ward::x509 {

// kDevelopmentMark stands in the subject of every certificate of a development PKI (serialNumber),
// beside the maker's genuine common name, which other verifiers ask for, and is the value of the
// extension.
inline constexpr std::string_view kDevelopmentMark = "NOT A TEE - ward development";

// development_oid is 2.25.2002874980 ("ward"; X.667 section 7 gives such arcs to whoever makes
// one), an extension that is not critical, so that nobody's verifier stumbles over it. Its value is
// the mark as a UTF8String.
[[nodiscard]] Bytes development_oid();

// kDevelopmentId begins every FMSPC and CHIP_ID of a development platform; neither maker uses it.
inline constexpr std::array<std::uint8_t, 5> kDevelopmentId = {0xff, 0x77, 0x61, 0x72, 0x64};

// is_marked is true where the mark stands anywhere in the certificate, or the extension does,
// whatever its value.
[[nodiscard]] bool is_marked(const pki::Certificate& certificate);

// shown_name is the subject's common name for people, with the mark behind it where there is one.
[[nodiscard]] std::string shown_name(const pki::Certificate& certificate);

// judge_mark: what is marked must not chain to a root of hardware, however that came about.
// `platform_id` is the FMSPC or the chip's id, empty where none is known. `anchor` is that of the
// chain's root, nullptr where it is not trusted: then nothing is said of the mark.
[[nodiscard]] Judged judge_mark(std::span<const pki::Certificate> chain, Bytes platform_id,
                                const attest::Anchor* anchor);

}  // namespace ward::x509
