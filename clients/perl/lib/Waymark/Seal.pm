package Waymark::Seal;

# Padding, HPKE in base mode (RFC 9180) for suite 1, and the device's two keys. PROTOCOL.md, sections 2 and 3.

use v5.36;
use Exporter 'import';
use Crypt::AuthEnc::GCM qw(gcm_encrypt_authenticate gcm_decrypt_verify);
use Crypt::PK::ECC ();
use Crypt::PRNG qw(random_bytes);
use Digest::SHA qw(hmac_sha256);

our @EXPORT_OK = qw(pad unpad seal open_sealed new_key key_from point_of secret_of sign signature_holds $LABEL);

our $LABEL = 'waymark-sync/1';

my $CURVE   = 'secp256r1';
my @BUCKETS = (4_096, 16_384, 65_536, 262_144);
my $TAG     = 16;
my $POINT   = 65;
my $HALF_ORDER_BYTES = 32;

# DHKEM(P-256, HKDF-SHA256); and that with HKDF-SHA256 and AES-256-GCM.
my $KEM_ID  = 'KEM' . pack 'n', 0x0010;
my $HPKE_ID = 'HPKE' . pack 'n3', 0x0010, 0x0001, 0x0002;

sub pad ($plain) {
    for my $size (@BUCKETS) {
        return $plain . "\x80" . "\0" x ($size - length($plain) - 1) if length $plain < $size;
    }
    die "too long to be sent\n";
}

# undef unless the length is a bucket's and the mark is there.
sub unpad ($padded) {
    return undef if !defined $padded;
    return undef if !grep { $_ == length $padded } @BUCKETS;
    return $padded =~ /\A(.*)\x80\0*\z/s ? $1 : undef;
}

sub new_key () {
    my $key = Crypt::PK::ECC->new;
    $key->generate_key($CURVE);
    return $key;
}

# From a point, or from the 32 bytes of a private key. undef when there is no such key.
sub key_from ($raw) {
    return undef if length $raw != $POINT && length $raw != $HALF_ORDER_BYTES;
    return undef if length $raw == $POINT && $raw !~ /\A\x04/;
    my $key = Crypt::PK::ECC->new;
    return eval { $key->import_key_raw($raw, $CURVE); 1 } ? $key : undef;
}

sub point_of  ($key) { return $key->export_key_raw('public') }
sub secret_of ($key) { return $key->export_key_raw('private') }

sub sign ($key, $text) { return $key->sign_message_rfc7518($text, 'SHA256') }

# By the key with this public point. Anything amiss is simply no signature.
sub signature_holds ($point, $text, $sig) {
    return 0 if !defined $sig || length $sig != 64;
    my $key = key_from($point) or return 0;
    return eval { $key->verify_message_rfc7518($sig, $text, 'SHA256') } ? 1 : 0;
}

# Encapsulated key, ciphertext, tag.
sub seal ($point, $info, $plain) {
    my $theirs = key_from($point) or die "no key to seal to\n";
    my $own    = new_key();
    my $enc    = point_of($own);
    my ($key, $nonce) = _schedule(_shared($own->shared_secret($theirs), $enc . $point), $info);
    my ($cipher, $tag) = gcm_encrypt_authenticate('AES', $key, $nonce, '', $plain);
    return $enc . $cipher . $tag;
}

# undef when it does not open.
sub open_sealed ($own, $info, $sealed) {
    return undef if length $sealed < $POINT + $TAG;
    my $enc    = substr $sealed, 0, $POINT;
    my $theirs = key_from($enc) or return undef;
    my $dh     = eval { $own->shared_secret($theirs) } // return undef;
    my ($key, $nonce) = _schedule(_shared($dh, $enc . point_of($own)), $info);
    my ($cipher, $tag) = (substr($sealed, $POINT, -$TAG), substr($sealed, -$TAG));
    return gcm_decrypt_verify('AES', $key, $nonce, '', $cipher, $tag);
}

sub _shared ($dh, $kem_context) {
    my $prk = _extract($KEM_ID, '', 'eae_prk', $dh);
    return _expand($KEM_ID, $prk, 'shared_secret', $kem_context, 32);
}

# Base mode: no PSK, so both of its hashes are over nothing.
sub _schedule ($shared, $info) {
    my $context = "\0" . _extract($HPKE_ID, '', 'psk_id_hash', '') . _extract($HPKE_ID, '', 'info_hash', $info);
    my $secret  = _extract($HPKE_ID, $shared, 'secret', '');
    return _expand($HPKE_ID, $secret, 'key', $context, 32), _expand($HPKE_ID, $secret, 'base_nonce', $context, 12);
}

# LabeledExtract and LabeledExpand of RFC 9180, section 4. One block of HKDF is enough for every length here.
sub _extract ($suite, $salt, $label, $ikm) { return hmac_sha256("HPKE-v1$suite$label$ikm", $salt) }

sub _expand ($suite, $prk, $label, $info, $length) {
    my $labeled = pack('n', $length) . "HPKE-v1$suite$label$info";
    return substr hmac_sha256($labeled . "\x01", $prk), 0, $length;
}

1;
