package Waymark::Item;

# A sealed report: made once, and looked at again before anybody is believed who says that it is bad.
# PROTOCOL.md, sections 2, 3 and 15.

use v5.36;
use Exporter 'import';
use Digest::SHA qw(sha256);
use Waymark::Msgpack qw(bytes pack_map unpack_value);
use Waymark::Bytes qw(is_natural is_uuid);
use Waymark::Seal qw(pad seal sign $LABEL);
use Waymark::Wire qw(to_json);

our @EXPORT_OK = qw(seal_report header_of is_sound reference_of);

my $HEADER_MOST = 4_096;
my $SEALED_MOST = 262_144 + 81;

# The envelope of this body: header, sealed, sha256, sig.
sub seal_report ($identity, $service_key, $seq, $body) {
    my $header = pack_map(
        v          => 1,
        suite      => 1,
        kid        => $service_key->{kid},
        device_id  => $identity->{device_id},
        epoch      => $identity->{epoch},
        seq        => $seq,
        item_id    => $body->{item_id},
        kind       => 'report',
        schema_v   => 1,
        att        => [],
        reply_key  => undef,
        public_key => undef,
        return_keys => undef,
    );
    my $sealed = seal($service_key->{public}, $LABEL . $header, pad(to_json($body)));
    my $sha256 = sha256($header . $sealed);
    return {header => $header, sealed => $sealed, sha256 => $sha256, sig => sign($identity->{sign_key}, "$LABEL/item$sha256")};
}

# The header's fields, or undef.
sub header_of ($header) {
    my $fields = eval { unpack_value($header) };
    return undef if ref $fields ne 'HASH' || !is_natural($fields->{v}) || $fields->{v} != 1;
    return undef if !is_uuid($fields->{item_id}) || !is_uuid($fields->{device_id});
    return undef if ($fields->{epoch} // '') !~ /\A[0-9a-f]{16}\z/ || !is_natural($fields->{seq}) || $fields->{seq} < 1;
    return $fields;
}

# Are these bytes what they were when they were sealed, and of a size that can be sent?
sub is_sound ($item) {
    return 0 if length $item->{header} > $HEADER_MOST || length $item->{sealed} > $SEALED_MOST;
    return 0 if sha256($item->{header} . $item->{sealed}) ne $item->{sha256};
    my $fields = header_of($item->{header});
    return defined $fields && $fields->{item_id} eq $item->{item_id};
}

my @LETTERS = split //, '0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U';

sub reference_of ($item_id) {
    my $number = unpack 'Q>', "\0\0\0" . substr sha256($item_id), 0, 5;
    my $text   = join '', map { $LETTERS[$number >> 5 * (7 - $_) & 31] } 0 .. 7;
    return sprintf '%s-%s-%s', substr($text, 0, 4), substr($text, 4), $LETTERS[$number % 37];
}

1;
