package Waymark::Msgpack;

# As much of MessagePack as the protocol needs. Texts are Perl's character strings; bytes are references to a
# string, blessed, so that they go out as `bin` and nothing else can pass for them.

use v5.36;
use Exporter 'import';
use Encode ();
use JSON::PP ();
use Waymark::Bytes qw(is_number);

our @EXPORT_OK = qw(pack_map unpack_value bytes);

my $DEEPEST = 64;

sub bytes ($bytes) { return bless \$bytes, 'Waymark::Msgpack::Bytes' }

# A map in the order of the pairs.
sub pack_map (@pairs) {
    my $packed = _head(scalar(@pairs) / 2, 0x80, 16, undef, "\xde", "\xdf");
    return $packed . join '', map { pack_value($_) } @pairs;
}

sub pack_value ($value) {
    return "\xc0" if !defined $value;
    my $kind = ref $value;
    if ($kind eq 'Waymark::Msgpack::Bytes') { return _head(length $$value, undef, 0, "\xc4", "\xc5", "\xc6") . $$value }
    if ($kind eq 'JSON::PP::Boolean')       { return $value ? "\xc3" : "\xc2" }
    if ($kind eq 'ARRAY') {
        return _head(scalar @$value, 0x90, 16, undef, "\xdc", "\xdd") . join '', map { pack_value($_) } @$value;
    }
    if ($kind eq 'Waymark::Msgpack::Map') { return pack_map(@$value) }
    die "a $kind has no place in a message" if $kind;
    return _whole($value) if is_number($value);
    my $utf8 = Encode::encode('UTF-8', $value);
    return _head(length $utf8, 0xa0, 32, "\xd9", "\xda", "\xdb") . $utf8;
}

sub _whole ($number) {
    die 'only whole numbers from 0' if $number < 0 || $number != int $number;
    return chr $number                if $number < 0x80;
    return "\xcc" . chr $number       if $number < 0x100;
    return "\xcd" . pack 'n', $number if $number < 0x10000;
    return "\xce" . pack 'N', $number if $number < 4_294_967_296;
    return "\xcf" . pack 'Q>', $number;
}

sub _head ($count, $short, $below, $eight, $sixteen, $thirtytwo) {
    return chr($short + $count) if defined $short && $count < $below;
    return $eight . chr $count  if defined $eight && $count < 0x100;
    return $sixteen . pack 'n', $count if $count < 0x10000;
    return $thirtytwo . pack 'N', $count;
}

# The one value that these bytes are. Dies when they are cut, go on behind it, or hold what no message has.
sub unpack_value ($packed) {
    my $at    = 0;
    my $value = _read(\$packed, \$at, 0);
    die "bytes behind the end\n" if $at != length $packed;
    return $value;
}

sub _read ($packed, $at, $depth) {
    die "nested too deep\n" if $depth > $DEEPEST;
    my $first = ord _take($packed, $at, 1);
    return $first if $first < 0x80;
    return _map($packed, $at, $first & 0x0f, $depth)  if $first < 0x90;
    return _list($packed, $at, $first & 0x0f, $depth) if $first < 0xa0;
    return _text($packed, $at, $first & 0x1f)         if $first < 0xc0;
    return $first - 0x100 if $first >= 0xe0;
    return undef                      if $first == 0xc0;
    return JSON::PP::false            if $first == 0xc2;
    return JSON::PP::true             if $first == 0xc3;
    return _blob($packed, $at, 'C')   if $first == 0xc4;
    return _blob($packed, $at, 'n')   if $first == 0xc5;
    return _blob($packed, $at, 'N')   if $first == 0xc6;
    return _number($packed, $at, 'f>') + 0 if $first == 0xca;
    return _number($packed, $at, 'd>') + 0 if $first == 0xcb;
    my %whole = (0xcc => 'C', 0xcd => 'n', 0xce => 'N', 0xcf => 'Q>', 0xd0 => 'c', 0xd1 => 's>', 0xd2 => 'l>', 0xd3 => 'q>');
    return _number($packed, $at, $whole{$first}) if $whole{$first};
    my %text = (0xd9 => 'C', 0xda => 'n', 0xdb => 'N');
    return _text($packed, $at, _number($packed, $at, $text{$first})) if $text{$first};
    return _list($packed, $at, _number($packed, $at, $first == 0xdc ? 'n' : 'N'), $depth) if $first == 0xdc || $first == 0xdd;
    return _map($packed, $at, _number($packed, $at, $first == 0xde ? 'n' : 'N'), $depth)  if $first == 0xde || $first == 0xdf;
    die "a kind of value that no message has\n";
}

sub _take ($packed, $at, $length) {
    die "cut short\n" if $$at + $length > length $$packed;
    my $taken = substr $$packed, $$at, $length;
    $$at += $length;
    return $taken;
}

my %WIDTH = (C => 1, n => 2, N => 4, 'Q>' => 8, c => 1, 's>' => 2, 'l>' => 4, 'q>' => 8, 'f>' => 4, 'd>' => 8);

sub _number ($packed, $at, $form) { return unpack $form, _take($packed, $at, $WIDTH{$form}) }

sub _blob ($packed, $at, $form) { return bytes(_take($packed, $at, _number($packed, $at, $form))) }

sub _text ($packed, $at, $length) {
    my $utf8 = _take($packed, $at, $length);
    return eval { Encode::decode('UTF-8', $utf8, Encode::FB_CROAK) } // die "text that is not UTF-8\n";
}

sub _list ($packed, $at, $count, $depth) {
    die "cut short\n" if $count > length($$packed) - $$at;
    return [map { _read($packed, $at, $depth + 1) } 1 .. $count];
}

sub _map ($packed, $at, $count, $depth) {
    die "cut short\n" if $count > length($$packed) - $$at;
    my %map;
    for (1 .. $count) {
        my $name = _read($packed, $at, $depth + 1);
        die "a name that is no text\n" if !defined $name || ref $name;
        $map{$name} = _read($packed, $at, $depth + 1);
    }
    return \%map;
}

1;
