package Waymark::Wire;

# Messages as they travel, told apart by shape. Inside this client bytes are plain Perl strings; on the wire they
# are `bin` or base64url. An unknown field is passed over, an absent one stays absent. PROTOCOL.md, 1 and 15.

use v5.36;
use Exporter 'import';
use JSON::PP ();
use Waymark::Bytes qw(from_base64url to_base64url is_natural is_number is_uuid);
use Waymark::Msgpack qw(unpack_value);

our @EXPORT_OK = qw(read_message read_json shaped to_json $JSON $MSGPACK);

our $JSON    = 'application/json';
our $MSGPACK = 'application/msgpack';

# A "?" before a kind: may be absent or null. A list in brackets: any number of those.
my %SHAPE = (
    Receipt => {incarnation => 'uuid', restore_floor => 'natural', at => 'natural', kid => 'kid', root => 'sha256', sig => 'sig'},
    Leaf    => {index => 'natural', size => 'natural', path => ['sha256']},
    ItemResult => {
        item_id => 'text', index => 'natural', verdict => 'text', reason => '?text', retry_after_s => '?natural',
        pos => '?natural', leaf => '?Leaf', gone => '?bool',
    },
    PushResponse => {
        incarnation => 'uuid', server_time => 'natural', restore_floor => 'natural', downstream => 'bool', challenge => 'text',
        results => ['ItemResult'], receipt => '?Receipt', keys_issued_at => '?natural', backoff_s => '?natural',
    },
    ManifestResponse => {incarnation => 'uuid', missing => ['uuid'], receipt => '?Receipt'},
    Message          => {id => 'uuid', pos => 'natural', kind => 'kind', sealed => 'bytes', kid => 'kid', sig => 'sig'},
    PullResponse     => {
        incarnation => 'uuid', cursor => 'text', more => 'bool', messages => ['Message'], challenge => 'text', reset => '?bool',
    },
    EnrolResponse => {device_id => 'uuid', centre_id => 'text', centre_name => 'text'},
    SignedKeySet  => {payload => 'bytes', sig => 'sig'},
    ServiceKey    => {kid => 'kid', use => 'text', suite => 'natural', public => 'point', state => '?text'},
    KeySet        => {issued_at => 'natural', keys => ['ServiceKey']},
    Envelope      => {header => 'bytes', sealed => 'bytes', sha256 => 'sha256', sig => 'sig'},
    ExportedQueue => {format => 'text', items => ['Envelope']},
    ReceiptBody   => {item_id => 'uuid', result => 'ItemResult', receipt => 'Receipt'},
    Retained      => {id => 'uuid', sha256 => 'sha256', pos => 'natural'},
);
my %LENGTH = (sha256 => 32, sig => 64, point => 65);
my %PLAIN  = (
    uuid    => \&is_uuid,
    natural => \&is_natural,
    text    => sub ($value) { defined $value && !ref $value && !is_number($value) },
    kid     => sub ($value) { defined $value && !ref $value && $value =~ /\A[A-Za-z0-9_-]{1,32}\z/ },
    kind    => sub ($value) { defined $value && !ref $value && length $value >= 1 && length $value <= 32 },
    bool    => sub ($value) { JSON::PP::is_bool($value) },
);

# The body of an answer, by what its Content-Type says. undef when it is not such a message.
sub read_message ($name, $body, $content_type) {
    my $type = lc $content_type =~ s/\s*;.*//sr;
    my $raw  = $type eq $MSGPACK ? eval { unpack_value($body) } : $type eq $JSON ? read_json($body) : undef;
    return eval { shaped($name, $raw) };
}

# undef when it is no JSON.
sub read_json ($utf8) { return eval { JSON::PP->new->utf8->decode($utf8) } }

sub to_json ($value) { return JSON::PP->new->utf8->canonical->encode($value) }

# Dies when the value has not this shape.
sub shaped ($kind, $value) {
    if (my $fields = $SHAPE{$kind}) {
        die "no map\n" if ref $value ne 'HASH';
        my %known;
        for my $field (keys %$fields) {
            my $found = _field($fields->{$field}, $value->{$field});
            $known{$field} = $found if defined $found;
        }
        return \%known;
    }
    return _bytes($kind, $value) if $kind eq 'bytes' || $LENGTH{$kind};
    die "not a $kind\n" if !$PLAIN{$kind}->($value);
    return $value;
}

sub _field ($kind, $value) {
    if (ref $kind) {
        # A list has the default that it is empty.
        die "no list\n" if defined $value && ref $value ne 'ARRAY';
        return [map { shaped($kind->[0], $_) } @{$value // []}];
    }
    return shaped($kind, $value) if $kind !~ s/\A\?//;
    return defined $value ? shaped($kind, $value) : undef;
}

sub _bytes ($kind, $value) {
    my $bytes = ref $value eq 'Waymark::Msgpack::Bytes' ? $$value : from_base64url($value);
    die "no bytes\n" if !defined $bytes || $LENGTH{$kind} && length $bytes != $LENGTH{$kind};
    return $bytes;
}

1;
