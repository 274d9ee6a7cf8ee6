#pragma once

#include <cstdint>

namespace ward::pki::oid {

// Contents octets of the object identifiers that this folder knows. Dotted forms in comments.

// Extensions (RFC 5280 sections 4.2 and 5.2), all 2.5.29.x.
inline constexpr std::uint8_t kSubjectKeyId[] = {0x55, 0x1d, 0x0e};              // .14
inline constexpr std::uint8_t kKeyUsage[] = {0x55, 0x1d, 0x0f};                  // .15
inline constexpr std::uint8_t kSubjectAltName[] = {0x55, 0x1d, 0x11};            // .17
inline constexpr std::uint8_t kBasicConstraints[] = {0x55, 0x1d, 0x13};          // .19
inline constexpr std::uint8_t kCrlNumber[] = {0x55, 0x1d, 0x14};                 // .20
inline constexpr std::uint8_t kReasonCode[] = {0x55, 0x1d, 0x15};                // .21
inline constexpr std::uint8_t kInvalidityDate[] = {0x55, 0x1d, 0x18};            // .24
inline constexpr std::uint8_t kDeltaCrl[] = {0x55, 0x1d, 0x1b};                  // .27
inline constexpr std::uint8_t kIssuingDistributionPoint[] = {0x55, 0x1d, 0x1c};  // .28
inline constexpr std::uint8_t kCertificateIssuer[] = {0x55, 0x1d, 0x1d};         // .29
inline constexpr std::uint8_t kNameConstraints[] = {0x55, 0x1d, 0x1e};           // .30
inline constexpr std::uint8_t kCrlDistributionPoints[] = {0x55, 0x1d, 0x1f};     // .31
inline constexpr std::uint8_t kAuthorityKeyId[] = {0x55, 0x1d, 0x23};            // .35

// Attribute types (RFC 5280 appendix A).
inline constexpr std::uint8_t kCommonName[] = {0x55, 0x04, 0x03};    // 2.5.4.3
inline constexpr std::uint8_t kSerialNumber[] = {0x55, 0x04, 0x05};  // 2.5.4.5
inline constexpr std::uint8_t kCountry[] = {0x55, 0x04, 0x06};       // 2.5.4.6
inline constexpr std::uint8_t kLocality[] = {0x55, 0x04, 0x07};      // 2.5.4.7
inline constexpr std::uint8_t kState[] = {0x55, 0x04, 0x08};         // 2.5.4.8
inline constexpr std::uint8_t kOrganization[] = {0x55, 0x04, 0x0a};  // 2.5.4.10
inline constexpr std::uint8_t kUnit[] = {0x55, 0x04, 0x0b};          // 2.5.4.11
inline constexpr std::uint8_t kEmail[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                          0x0d, 0x01, 0x09, 0x01};  // 1.2.840.113549.1.9.1
inline constexpr std::uint8_t kDomainComponent[] = {
    0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19};  // 0.9.2342.19200300.100.1.25

// Signatures (RFC 4055, 5758, 8410).
inline constexpr std::uint8_t kEd25519[] = {0x2b, 0x65, 0x70};
inline constexpr std::uint8_t kSha256WithRsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                  0x0d, 0x01, 0x01, 0x0b};
inline constexpr std::uint8_t kSha384WithRsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                  0x0d, 0x01, 0x01, 0x0c};
inline constexpr std::uint8_t kSha512WithRsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                  0x0d, 0x01, 0x01, 0x0d};
inline constexpr std::uint8_t kRsaPss[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a};
inline constexpr std::uint8_t kMgf1[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08};
inline constexpr std::uint8_t kEcdsaSha256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
inline constexpr std::uint8_t kEcdsaSha384[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
inline constexpr std::uint8_t kEcdsaSha512[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04};
inline constexpr std::uint8_t kSha256[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
inline constexpr std::uint8_t kSha384[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
inline constexpr std::uint8_t kSha512[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03};

}  // namespace ward::pki::oid
