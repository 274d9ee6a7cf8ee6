#!/usr/bin/env python3
"""Tink's own implementation of a sealed file's body (docs/formats/sealed-file.md).

usage: tink_body.py seal KEY_HEX AD_FILE IN OUT
       tink_body.py open KEY_HEX AD_FILE IN OUT
       tink_body.py check          exit 0 where Tink is installed

KEY_HEX is the file key, AD_FILE holds the associated data: the octets of the header.
"""
import io
import sys


class KeepOpen(io.BytesIO):
    """Tink closes what it wrote to; the octets are still wanted."""

    def close(self):
        self.octets = self.getvalue()
        super().close()


def primitive(key):
    import tink
    from tink import secret_key_access, streaming_aead
    from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

    streaming_aead.register()
    params = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=1 << 20, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256)
    proto = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=params, key_value=key)
    data = tink_pb2.KeyData(
        type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
        value=proto.SerializeToString(), key_material_type=tink_pb2.KeyData.SYMMETRIC)
    keyset = tink_pb2.Keyset(primary_key_id=1, key=[tink_pb2.Keyset.Key(
        key_data=data, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)])
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


def seal(key, associated_data, plaintext):
    out = KeepOpen()
    with primitive(key).new_encrypting_stream(out, associated_data) as stream:
        stream.write(plaintext)
    return out.octets


def unseal(key, associated_data, ciphertext):
    with primitive(key).new_decrypting_stream(io.BytesIO(ciphertext), associated_data) as stream:
        return stream.read()


def main(arguments):
    if arguments == ["check"]:
        import tink  # noqa: F401
        return 0
    if len(arguments) != 5 or arguments[0] not in ("seal", "open"):
        print(__doc__, file=sys.stderr)
        return 2
    do, key, associated_data, source, target = arguments
    with open(associated_data, "rb") as file:
        ad = file.read()
    with open(source, "rb") as file:
        octets = file.read()
    try:
        out = (seal if do == "seal" else unseal)(bytes.fromhex(key), ad, octets)
    except Exception as error:  # Tink's errors have no common base
        print(f"tink: {error}", file=sys.stderr)
        return 1
    with open(target, "wb") as file:
        file.write(out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
