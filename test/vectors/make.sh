#!/usr/bin/env bash
# Makes every file of this folder anew with the openssl command line (3.0 or later) and bash; see
# README.md. Nothing here shares code with saoma. Run it in an empty folder, then look at the difference.
set -eu
quiet() { "$@" 2>/dev/null; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p keys certificates

# --- Keys. One line without armour is what Alipay's key tool writes.

rsa() { quiet openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$1"; }
bare() { grep -v -e '-----' | tr -d '\n'; }

rsa keys/application-private-key.pkcs8.pem 2048
openssl rsa -in keys/application-private-key.pkcs8.pem -traditional -out keys/application-private-key.pkcs1.pem 2>/dev/null
bare <keys/application-private-key.pkcs8.pem >keys/application-private-key.pkcs8.txt
bare <keys/application-private-key.pkcs1.pem >keys/application-private-key.pkcs1.txt
quiet openssl rsa -in keys/application-private-key.pkcs8.pem -pubout -out keys/application-public-key.spki.pem
quiet openssl rsa -in keys/application-private-key.pkcs8.pem -RSAPublicKey_out -out keys/application-public-key.pkcs1.pem
bare <keys/application-public-key.spki.pem >keys/application-public-key.spki.txt
openssl pkcs8 -topk8 -in keys/application-private-key.pkcs8.pem -passout pass:secret -out keys/application-private-key.encrypted.pkcs8.pem
quiet openssl rsa -in keys/application-private-key.pkcs8.pem -traditional -aes128 -passout pass:secret -out keys/application-private-key.encrypted.pkcs1.pem
rsa keys/alipay-private-key.pem 2048
quiet openssl rsa -in keys/alipay-private-key.pem -pubout -out keys/alipay-public-key.pem
rsa keys/short-private-key.pem 1024
quiet openssl rsa -in keys/short-private-key.pem -pubout -out keys/short-public-key.pem
openssl ecparam -name prime256v1 -genkey -out keys/ec-private-key.pem
openssl ec -in keys/ec-private-key.pem -pubout -out keys/ec-public-key.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out keys/sm2-private-key.pem
openssl pkey -in keys/sm2-private-key.pem -pubout -out keys/sm2-public-key.pem
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out keys/pss-private-key.pem 2>/dev/null

fingerprint=$(openssl pkey -in keys/application-private-key.pkcs8.pem -pubout -outform DER | openssl sha256 -r | cut -d' ' -f1)
printf '{ "application": "%s" }\n' "$fingerprint" >fingerprints.json

# --- Signatures.

signature() { printf '%s' "$1" | openssl dgst "-$2" -sign "$3" | openssl base64 -A; }
entry() { # content, sign_type, digest, key
  printf '  { "content": "%s", "signType": "%s", "key": "%s", "signature": "%s" }' \
    "$1" "$2" "$4" "$(signature "$1" "$3" "keys/$4-private-key${5-}.pem")"
}
{
  printf '[\n'
  entry 'app_id=2021000000000001&biz_content=88.88' RSA2 sha256 application .pkcs8
  printf ',\n'
  entry 'app_id=2021000000000001&biz_content=88.88' RSA sha1 application .pkcs8
  printf ',\n'
  entry 'subject=扫码支付 一杯咖啡 + 1%' RSA2 sha256 application .pkcs8
  printf ',\n'
  entry '' RSA2 sha256 application .pkcs8
  printf ',\n'
  entry 'out_trade_no=1' RSA sha1 short
  printf '\n]\n'
} >signatures.json

# --- Encryption. AES_V2 has its IV in front; here it is fixed, so that the answer is known.

AES_IV=00000000000000000000000000000000
V2_IV=000102030405060708090a0b0c0d0e0f
bytes() { printf "$(printf '%s' "$1" | sed 's/../\\x&/g')"; }
aes() { # plaintext, key in hex, bits, encrypt_type
  case $4 in
    AES) iv=$AES_IV prefix= ;;
    AES_V2) iv=$V2_IV prefix=$V2_IV ;;
  esac
  printf '%s' "$1" >"$scratch/plain"
  openssl enc "-aes-$3-cbc" -K "$2" -iv "$iv" -in "$scratch/plain" -out "$scratch/cipher"
  quoted=$(printf '%s' "$1" | sed 's/"/\\"/g')
  printf '  { "type": "%s", "key": "%s", "plaintext": "%s", "ciphertext": "%s" }' "$4" \
    "$(bytes "$2" | openssl base64 -A)" "$quoted" \
    "$({ bytes "$prefix"; cat "$scratch/cipher"; } | openssl base64 -A)"
}
K16=$(openssl rand -hex 16)
K24=$(openssl rand -hex 24)
K32=$(openssl rand -hex 32)
{
  printf '[\n'
  aes '{"out_trade_no":"1","subject":"一杯咖啡"}' "$K16" 128 AES
  printf ',\n'
  aes 'sixteen bytes ..' "$K24" 192 AES
  printf ',\n'
  aes '扫码' "$K32" 256 AES
  printf ',\n'
  aes '' "$K16" 128 AES
  printf ',\n'
  aes '{"code":"10000","msg":"Success"}' "$K16" 128 AES_V2
  printf ',\n'
  aes '一杯咖啡' "$K32" 256 AES_V2
  printf '\n]\n'
} >encryption.json

# --- Certificates. The keys of the authorities are thrown away.

CA='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign'
END='basicConstraints=critical,CA:FALSE
keyUsage=digitalSignature'
OURS='/C=CN/O=Saoma Test/OU=Certification Authority'

root() { # name, subject, key, options
  name=$1 subject=$2 key=$3
  shift 3
  openssl req -x509 -new -utf8 -key "$key" -subj "$subject" -days 36500 -config "$scratch/req.cnf" -extensions ca "$@" \
    -out "certificates/$name.pem" 2>/dev/null
}
issue() { # name, subject, key, issuer, issuer's key, extensions, options
  name=$1 subject=$2 key=$3 issuer=$4 issuer_key=$5
  printf '%s\n' "$6" >"$scratch/extensions"
  shift 6
  openssl req -new -utf8 -key "$key" -subj "$subject" -config "$scratch/req.cnf" -out "$scratch/request"
  openssl x509 -req -in "$scratch/request" -CA "$issuer" -CAkey "$issuer_key" -days 36500 \
    -extfile "$scratch/extensions" "$@" -out "certificates/$name.pem" 2>/dev/null
}
dated() { # name, subject, key, issuer, issuer's key, from, to
  openssl req -new -utf8 -key "$3" -subj "$2" -config "$scratch/req.cnf" -out "$scratch/request"
  : >"$scratch/index"
  openssl ca -batch -notext -config "$scratch/req.cnf" -name dated -in "$scratch/request" -cert "$4" -keyfile "$5" \
    -startdate "$6" -enddate "$7" -out "certificates/$1.pem" 2>/dev/null
}
cat >"$scratch/req.cnf" <<END_OF_CONFIG
[req]
distinguished_name = name
string_mask = utf8only
prompt = no
[name]
[ca]
$CA
[end]
$END
[dated]
database = $scratch/index
new_certs_dir = $scratch
rand_serial = yes
default_md = sha256
policy = anything
x509_extensions = end
unique_subject = no
preserve = yes
[anything]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
END_OF_CONFIG

for name in root root-2 authority stranger rolled-over; do rsa "$scratch/$name.key" 2048; done
openssl ecparam -name prime256v1 -genkey -noout -out "$scratch/root-ec.key"

root root-sm2 "$OURS/CN=Saoma Test Root S1" keys/sm2-private-key.pem -sm3 -sigopt distid:1234567812345678
root root-rsa "$OURS/CN=Saoma Test Root R1" "$scratch/root.key" -set_serial 2292228364100439313
root root-ec "$OURS/CN=Saoma Test Root E1" "$scratch/root-ec.key" -sha256
root root-rsa-sha1 "/C=CN/O=根证书/CN=Saoma Test Root R2" "$scratch/root-2.key" -sha1 -set_serial 95790491425698859646659490580052089075020051350
( cd certificates && cat root-sm2.pem root-rsa.pem root-ec.pem root-rsa-sha1.pem >root-bundle.pem )

authority=certificates/authority.pem
application='/C=CN/O=扫码咖啡/OU=Alipay/CN=2088000000000001-2021000000000001'
alipay='/C=CN/O=扫码咖啡/OU=Alipay/CN=支付宝(中国)网络技术有限公司-2088000000000001'
issue authority "$OURS/CN=Saoma Test Class 2 R1" "$scratch/authority.key" certificates/root-rsa.pem "$scratch/root.key" "$CA"
issue application "$application" keys/application-private-key.pkcs8.pem $authority "$scratch/authority.key" "$END"
issue alipay "$alipay" keys/alipay-private-key.pem $authority "$scratch/authority.key" "$END"
cat $authority >>certificates/alipay.pem

# What Alipay's certificate may be followed by, and what may not.
issue rolled-over "$alipay" "$scratch/rolled-over.key" $authority "$scratch/authority.key" "$END"
dated expired "$alipay" "$scratch/rolled-over.key" $authority "$scratch/authority.key" 20240101000000Z 20250101000000Z
dated not-yet-valid "$alipay" "$scratch/rolled-over.key" $authority "$scratch/authority.key" 20900101000000Z 20910101000000Z
issue of-merchant '/C=CN/O=Stranger/OU=Alipay/CN=2088000000000002-2021000000000002' "$scratch/stranger.key" $authority "$scratch/authority.key" basicConstraints=critical,CA:FALSE
issue signed-by-merchant "$alipay" "$scratch/rolled-over.key" certificates/of-merchant.pem "$scratch/stranger.key" "$END"
root authority-of-stranger "$OURS/CN=Saoma Test Class 2 R1" "$scratch/stranger.key"
issue of-stranger "$alipay" "$scratch/rolled-over.key" certificates/authority-of-stranger.pem "$scratch/stranger.key" "$END"
issue with-short-key "$alipay" keys/short-private-key.pem $authority "$scratch/authority.key" "$END"
issue with-sm2-key "$alipay" keys/sm2-private-key.pem $authority "$scratch/authority.key" "$END"
issue signed-with-sm2 "$alipay" "$scratch/rolled-over.key" certificates/root-sm2.pem keys/sm2-private-key.pem "$END" -sm3 -sigopt distid:1234567812345678

# --- Serial numbers. The issuer's name as openssl writes it by RFC 2253; the serial numbers were decimal to begin with.

sn() { # file, decimal serial
  issuer=$(openssl x509 -in "$1" -noout -issuer -nameopt RFC2253,-esc_msb)
  printf '%s%s' "${issuer#issuer=}" "$2" | openssl md5 -r | cut -d' ' -f1
}
LINE_BREAK=$(printf 'two\nlines')
named() { # name, issuer's name, decimal serial, options
  name=$1 subject=$2 serial=$3
  shift 3
  root "$name" "$subject" keys/short-private-key.pem -set_serial "$serial" "$@"
  printf '  { "certificate": "%s", "serialNumber": "%s" }' "$name" "$(sn "certificates/$name.pem" "$serial")"
}
{
  printf '[\n'
  named issuer-plain '/C=CN/O=Saoma Test/CN=Plain' 1
  printf ',\n'
  named issuer-chinese '/C=CN/O=支付宝(中国)网络技术有限公司/CN=根' 42701552708448241360226107228231049510
  printf ',\n'
  named issuer-with-comma '/C=CN/O=Alipay.com Co.,Ltd/CN=Comma' 340282366920938463463374607431768211455
  printf ',\n'
  named issuer-with-plus '/C=CN/O=a \+ b/CN= "quoted"; <blank> ' 2
  printf ',\n'
  named issuer-with-line-break "/C=CN/O=$LINE_BREAK/CN=Line break" 3
  printf ',\n'
  # openssl turns the values within a part round as well; Java and Go keep their order, and so does Alipay's SDK.
  named issuer-of-several-values '/C=CN/O=Saoma Test+OU=Several/CN=Values' 4 >/dev/null
  printf '  { "certificate": "issuer-of-several-values", "serialNumber": "%s" }' \
    "$(printf 'CN=Values,OU=Several+O=Saoma Test,C=CN4' | openssl md5 -r | cut -d' ' -f1)"
  printf ',\n'
  named serial-zero '/C=CN/CN=Zero' 0
  printf ',\n'
  named serial-negative '/C=CN/CN=Negative' -31
  serial=1000
  while root leading-zero '/C=CN/CN=Leading zero' keys/short-private-key.pem -set_serial $serial; do
    case $(sn certificates/leading-zero.pem $serial) in 0*) break ;; esac
    serial=$((serial + 1))
  done
  printf ',\n  { "certificate": "leading-zero", "serialNumber": "%s" }' "$(sn certificates/leading-zero.pem $serial)"
  printf ',\n  { "certificate": "root-bundle", "serialNumber": "%s_%s" }\n]\n' \
    "$(sn certificates/root-rsa.pem 2292228364100439313)" \
    "$(sn certificates/root-rsa-sha1.pem 95790491425698859646659490580052089075020051350)"
} >serial-numbers.json
