package Waymark::Bytes;

# Spellings of bytes: base64url, ids, numbers of fixed width. PROTOCOL.md, section 1.

use v5.36;
use Exporter 'import';
use MIME::Base64 ();

our @EXPORT_OK = qw(to_base64url from_base64url uuid_bytes uuid_of u64 is_uuid is_number is_natural);

my $UUID = qr/\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\z/;
my $LARGEST = 9_007_199_254_740_991;

sub to_base64url ($bytes) {
    my $text = MIME::Base64::encode_base64($bytes, '');
    return $text =~ tr{+/=}{-_}dr;
}

# undef unless this is the one spelling of those bytes: no padding, no stray bits.
sub from_base64url ($text) {
    return undef if !defined $text || ref $text || $text !~ /\A[A-Za-z0-9_-]*\z/ || length($text) % 4 == 1;
    my $bytes = MIME::Base64::decode_base64(($text =~ tr{-_}{+/}r) . '=' x (-length($text) % 4));
    return to_base64url($bytes) eq $text ? $bytes : undef;
}

sub is_uuid ($text) { return defined $text && !ref $text && $text =~ $UUID }

sub uuid_bytes ($text) { return pack 'H32', $text =~ tr/-//dr }

# A random id of version 4 from 16 random bytes.
sub uuid_of ($bytes) {
    my @byte = unpack 'C16', $bytes;
    $byte[6] = $byte[6] & 0x0f | 0x40;
    $byte[8] = $byte[8] & 0x3f | 0x80;
    return join '-', unpack 'A8 A4 A4 A4 A12', unpack 'H32', pack 'C16', @byte;
}

sub u64 ($number) { return pack 'Q>', $number }

# Perl turns texts into numbers by itself; a message must not.
sub is_number ($value) {
    no warnings 'experimental::builtin';
    return defined $value && !ref $value && builtin::created_as_number($value);
}

sub is_natural ($value) { return is_number($value) && $value == int $value && $value >= 0 && $value <= $LARGEST }

1;
