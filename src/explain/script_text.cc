#include "explain/script_text.h"

namespace ward::explain {

const char* const kScriptHead = R"sh(#
#   sh FILE             with the evidence that was judged, a copy of which is in this file
#   sh FILE EVIDENCE    with your own copy of the evidence: the ranges below are then cut from it
#
# It shows that each signature and each digest named below holds, or does not, over exactly these
# octets. It needs openssl 3, jq and xxd beside a POSIX system; it opens no network, and works in a
# folder of its own that it removes.
#
# It does not show what is no signature or digest: whether dates, revocation lists and security
# versions are in order, and whether a policy is met. It prints dates, serial numbers and the heads
# of the maker's documents, for you to judge. Nor does it show where a field of the evidence stands:
# compare the ranges with the maker's specification, or with `ward inspect --layout`. Of a digest
# that is pinned, compare the value with the maker's publication.
#
# Exit code: 0 all holds, as was found; 1 something does not, or was found otherwise; 2 usage;
# 3 it cannot run, or there is nothing to derive, or a step was left out as too long.
)sh";

const char* const kScriptFunctions = R"sh(
set -u
umask 077
LC_ALL=C
export LC_ALL

cannot() {
  printf 'cannot run: %s\n' "$1" >&2
  exit 3
}

if [ $# -gt 1 ]; then
  printf 'usage: sh FILE [EVIDENCE]\n' >&2
  exit 2
fi
for tool in openssl jq xxd; do
  command -v "$tool" >/dev/null 2>&1 || cannot "$tool is not installed; openssl 3, jq and xxd are needed"
done
case $(openssl version) in
  'OpenSSL '[3-9].* | 'OpenSSL '[1-9][0-9].*) ;;
  *) cannot "this is $(openssl version); openssl 3, jq and xxd are needed" ;;
esac
dir=$(mktemp -d) || cannot 'no temporary folder'
trap 'rm -rf "$dir"' EXIT
trap 'exit 3' HUP INT TERM

signatures=0 digests=0 failed='' otherwise='' left='' evidence=embedded

# digest ALGORITHM: of what is read.
digest() {
  hashed=$(openssl dgst "-$1" -r) && printf '%s\n' "${hashed%% *}"
}

# material NUMBER SHA-256 KIND TITLE ORIGIN: reads it, in base64.
material() {
  printf '%5s  %s: %s%s\n       SHA-256 %s\n' "$1" "$3" "$4" "${5:+, $5}" "$2"
  openssl base64 -d >"$dir/$1"
  [ "$(digest sha256 <"$dir/$1")" = "$2" ] || wrong "material $1" 'these octets have another SHA-256'
}

# wrong WHAT WHY: what is no step of the verdict.
wrong() {
  printf 'WRONG  %s: %s\n' "$1" "$2"
  failed="$failed, $1"
}

# own_evidence FILE: takes it instead of the copy. Digits and base64 are read as ward reads them.
own_evidence() {
  tr -d ' \t\r\n' <"$1" >"$dir/text" || cannot 'the evidence cannot be read'
  if [ ! -s "$dir/text" ]; then
    cannot 'the evidence is empty'
  elif ! grep -q '[^0-9a-fA-F]' "$dir/text"; then
    xxd -r -p "$dir/text" >"$dir/own"
  elif ! grep -q '[^0-9a-zA-Z+/_=-]' "$dir/text"; then
    case $(($(wc -c <"$dir/text") % 4)) in
      2) printf '==' >>"$dir/text" ;;
      3) printf '=' >>"$dir/text" ;;
    esac
    tr '_-' '/+' <"$dir/text" | openssl base64 -d -A >"$dir/own"
  else
    cat <"$1" >"$dir/own"
  fi
  if cmp -s "$dir/own" "$dir/0"; then
    printf 'the evidence given has the same octets as the one that was judged\n'
    return
  fi
  printf 'THE EVIDENCE GIVEN HAS OTHER OCTETS THAN THE ONE THAT WAS JUDGED\n'
  evidence=other
  mv "$dir/own" "$dir/0"
}

# octets MATERIAL OFFSET SIZE
octets() {
  tail -c "+$(($2 + 1))" "$dir/$1" | head -c "$3"
}

# A key is kept as PEM, behind its description, which openssl passes over and verify reads.

# certificate_key MATERIAL: as certificate_facts found it.
certificate_key() {
  cat "$dir/facts.$1" >"$dir/key"
}

# spki_key: from a DER SubjectPublicKeyInfo.
spki_key() {
  openssl pkey -pubin -inform DER -pubout -text >"$dir/key" 2>/dev/null
}

# point_key: from x and y of P-256, behind the head of its SubjectPublicKeyInfo (RFC 5480).
point_key() {
  {
    printf 3059301306072a8648ce3d020106082a8648ce3d03010703420004 | xxd -r -p
    cat
  } | spki_key
}

# integers: a DER ECDSA-Sig-Value of the two lines that are read, big-endian hexadecimal.
integers() {
  r=0 s=0
  read -r r
  read -r s
  printf 'asn1=SEQUENCE:rs\n[rs]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "$r" "$s" >"$dir/rs"
  openssl asn1parse -genconf "$dir/rs" -noout -out "$dir/signature" >/dev/null 2>&1
}

# r_and_s SIZE: r, then s, of so many octets each.
r_and_s() {
  xxd -p -c "$1" | integers
}

# little_endian: r, then s, of 72 octets each, the least octet first.
little_endian() {
  xxd -p -c 1 | awk '{ n[NR] = $1 } END {
    for (i = 72; i > 0; --i) printf "%s", n[i]; print ""
    for (i = 144; i > 72; --i) printf "%s", n[i]; print "" }' | integers
}

# step KIND CHECK FOUND TEXT: begins the derivation of one outcome.
step() {
  kind=$1 check=$2 found=$3 text=$4 spoilt=''
  rm -f "$dir/message" "$dir/key" "$dir/signature"
}

# spoil WHY: the step cannot hold any more.
spoil() {
  [ -n "$spoilt" ] || spoilt=$1
}

# signed_member MATERIAL HEX: what is signed is a member of this JSON, whose `signature` is HEX.
signed_member() {
  jq -e --arg s "$2" --slurpfile body "$dir/message" \
    '(.signature | ascii_downcase) == ($s | ascii_downcase) and any(.[]; . == $body[0])' \
    "$dir/$1" >/dev/null 2>&1 || spoil 'these octets are no member of the document beside this signature'
}

# from_json: ward made an octet string of the evidence's JSON. This is not derived again, so that the
# JSON must be the one that ward read.
from_json() {
  [ "$evidence" = embedded ] || spoil 'the octets were made of other evidence'
}

# stands FORM MATERIAL: the certificate stands in the evidence: as its octets, as PEM, or in JSON as
# a list of numbers.
stands() {
  case $1 in
    octets)
      xxd -p "$dir/$2" | tr -d '\n' >"$dir/pattern"
      xxd -p "$dir/0" | tr -d '\n' >"$dir/in"
      ;;
    pem)
      openssl base64 -A -in "$dir/$2" >"$dir/pattern"
      tr -cd '0-9a-zA-Z+/=' <"$dir/0" >"$dir/in"
      ;;
    numbers)
      printf '[%s]' "$(od -An -v -tu1 "$dir/$2" | tr -s ' \n' ',,' | sed 's/^,//; s/,$//')" >"$dir/pattern"
      tr -d ' \t\r\n' <"$dir/0" >"$dir/in"
      ;;
  esac
  grep -qF -f "$dir/pattern" "$dir/in" || spoil 'the certificate does not stand in the evidence'
}

# outcome yes|no: ends the step.
outcome() {
  case $kind in
    signature) signatures=$((signatures + 1)) ;;
    digest) digests=$((digests + 1)) ;;
  esac
  result=$1
  [ -z "$spoilt" ] || result=no
  if [ "$result" = yes ]; then
    printf 'ok     %s: %s' "$check" "$text"
  else
    printf 'WRONG  %s: %s%s' "$check" "$text" "${spoilt:+: $spoilt}"
    failed="$failed, $check"
  fi
  if [ "$result" != "$found" ]; then
    otherwise="$otherwise, $check"
    printf ' (WARD FOUND OTHERWISE)'
  elif [ "$result" = no ]; then
    printf ' (as ward found)'
  fi
  printf '\n'
}

# left_out WHY: ends the step without an outcome.
left_out() {
  printf 'LEFT   %s: %s: not derived here: %s\n' "$check" "$text" "$1"
  left="$left, $check"
}

# verify ALGORITHM: the signature of the message by the key (RFC 7518, RFC 8037).
verify() {
  if [ "$1" = Ed25519-SHA3-512 ]; then
    left_out 'the openssl command has no Ed25519 with SHA3-512'
    return
  fi
  case $1 in
    ES256) curve=prime256v1 ;;
    ES384 | ECDSA-P384-SHA256) curve=secp384r1 ;;
    ES512) curve=secp521r1 ;;
    EdDSA) curve=ED25519 ;;
    *) curve=Modulus ;;
  esac
  grep -q "$curve" "$dir/key" 2>/dev/null || spoil "the key is none for $1"
  case $1 in
    ES256 | RS256 | ECDSA-P384-SHA256) set -- -sha256 ;;
    ES384 | RS384) set -- -sha384 ;;
    ES512 | RS512) set -- -sha512 ;;
    PS256) set -- -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 ;;
    PS384) set -- -sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48 ;;
    PS512) set -- -sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64 ;;
    EdDSA) set -- ;;
    *) cannot "no signature algorithm $1" ;;
  esac
  if [ $# -eq 0 ]; then
    set -- pkeyutl -verify -pubin -inkey "$dir/key" -rawin -in "$dir/message" -sigfile "$dir/signature"
  else
    set -- dgst "$@" -verify "$dir/key" -signature "$dir/signature" "$dir/message"
  fi
  if openssl "$@" >/dev/null 2>&1; then outcome yes; else outcome no; fi
}

# same FOUND EXPECTED: two values in hexadecimal.
same() {
  if [ -n "$1" ] && [ "$1" = "$2" ]; then outcome yes; else outcome no; fi
}

# ranges MATERIAL: a line of hexadecimal for each line "OFFSET SIZE" that is read.
ranges() {
  {
    cat
    xxd -p "$dir/$1" | tr -d '\n'
  } | awk 'NF == 2 { at[++n] = $1; size[n] = $2; next }
    { for (i = 1; i <= n; ++i) print substr($0, 2 * at[i] + 1, 2 * size[i]) }'
}

# extend ALGORITHM ZEROS: a register that begins with so many octets of zero: for each line that is
# read, register = digest(register || line).
extend() {
  register=$(printf "%0$(($2 * 2))d" 0)
  while read -r part; do
    register=$(printf '%s%s' "$register" "$part" | xxd -r -p | digest "$1")
  done
  printf '%s\n' "$register"
}

# in_hex: what is read, on one line.
in_hex() {
  xxd -p | tr -d '\n'
}

# certificate_facts MATERIAL: its key, for the steps, and for people serial number and dates.
certificate_facts() {
  openssl x509 -inform DER -in "$dir/$1" -noout -serial -dates -pubkey -text -certopt \
    no_header,no_version,no_serial,no_signame,no_validity,no_subject,no_issuer,no_sigdump,no_aux,no_extensions \
    >"$dir/facts.$1" 2>/dev/null
  sed -n '/^serial=/s/^/       /p; /^not[AB]/s/^/       /p' "$dir/facts.$1"
}

# The rest is for people, and decides nothing.
list_facts() {
  openssl crl -inform DER -in "$dir/$1" -noout -lastupdate -nextupdate 2>/dev/null | sed 's/^/       /'
  openssl crl -inform DER -in "$dir/$1" -noout -text 2>/dev/null |
    sed -n 's/^ *Serial Number: //p' >"$dir/serials.$1"
}

document_facts() {
  jq -a -c '.. | objects | select(has("issueDate")) |
    {issueDate, nextUpdate, tcbEvaluationDataNumber, fmspc} | with_entries(select(.value != null))' \
    "$dir/$1" 2>/dev/null | sed 's/^/       /'
}

# listed LIST CERTIFICATE TEXT: whether the revocation list has the certificate's serial number.
listed() {
  serial=$(sed -n 's/^serial=//p' "$dir/facts.$2")
  if grep -qxF "$serial" "$dir/serials.$1"; then
    printf 'revocation list %s LISTS %s\n' "$1" "$3"
  else
    printf 'revocation list %s does not list %s\n' "$1" "$3"
  fi
}
)sh";

const char* const kScriptEnd = R"sh(
printf '\n'
[ -z "$left" ] || printf 'not derived here: %s\n' "${left#, }"
if [ -n "$failed$otherwise" ]; then
  [ -z "$failed" ] || printf 'WRONG: %s\n' "${failed#, }"
  if [ -n "$otherwise" ]; then
    printf 'ward found otherwise: %s\n' "${otherwise#, }"
  else
    printf 'all outcomes are as ward found them\n'
  fi
  printf 'verdict of ward: %s\n' "$verdict"
  exit 1
fi
if [ $((signatures + digests)) -eq 0 ] && [ -z "$left" ]; then
  printf 'no signature and no digest: the verdict of ward rests on none: %s\n' "$verdict"
  exit 3
fi
if [ "$evidence" = other ]; then
  printf 'WRONG: all %s signatures and %s digests hold, but octets of the evidence that none of them covers\n' \
    "$signatures" "$digests"
  printf 'are not those that ward judged\n'
  exit 1
fi
if [ -n "$left" ]; then
  printf 'the other %s signatures and %s digests hold, as ward found\n' "$signatures" "$digests"
  printf 'verdict of ward: %s\n' "$verdict"
  exit 3
fi
printf 'all %s signatures and %s digests hold, as ward found\n' "$signatures" "$digests"
case $verdict in
  accepted*) printf 'verdict of ward: %s\n' "$verdict" ;;
  *) printf 'the verdict of ward rests on more than signatures and digests: %s\n' "$verdict" ;;
esac
exit 0
)sh";

}  // namespace ward::explain
