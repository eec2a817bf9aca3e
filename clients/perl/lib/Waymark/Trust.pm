package Waymark::Trust;

# What the service's signatures prove: its keys, its receipts, its messages. PROTOCOL.md, 5, 6, 7, 8 and 10.

use v5.36;
use Exporter 'import';
use Digest::SHA qw(sha256);
use Encode ();
use Waymark::Bytes qw(uuid_bytes u64);
use Waymark::Msgpack qw(unpack_value);
use Waymark::Seal qw(signature_holds $LABEL);
use Waymark::Wire qw(shaped);

our @EXPORT_OK = qw(open_keys sealing_key receipt_text receipt_holds covered message_holds merkle_root root_from leaf_of);

# The key set, or undef when the root did not sign it.
sub open_keys ($signed, $root) {
    return undef if !signature_holds($root, "$LABEL/keys$signed->{payload}", $signed->{sig});
    return eval { shaped('KeySet', unpack_value($signed->{payload})) };
}

sub sealing_key ($keys) {
    for my $key ($keys->{keys}->@*) {
        return $key if $key->{use} eq 'seal' && ($key->{state} // 'current') eq 'current' && $key->{suite} == 1;
    }
    die "The service's key set has no key that this program can seal to. Ask for a newer program.\n";
}

sub receipt_text ($receipt) {
    return "$LABEL/receipt" . uuid_bytes($receipt->{incarnation}) . u64($receipt->{restore_floor}) . u64($receipt->{at})
        . chr(length $receipt->{kid}) . $receipt->{kid} . $receipt->{root};
}

# 1, 0, or undef when the set has not the key: a newer one may.
sub receipt_holds ($receipt, $keys) {
    my $point = _receipt_key($receipt->{kid}, $keys) // return undef;
    return signature_holds($point, receipt_text($receipt), $receipt->{sig});
}

sub _receipt_key ($kid, $keys) {
    my ($key) = grep { $_->{use} eq 'receipt' && $_->{kid} eq $kid } $keys->{keys}->@*;
    return $key ? $key->{public} : undef;
}

# sig: as it was sent, in the answer to a push alone.
sub leaf_of ($id, $sha256, $pos, $word, $sig = '') {
    return uuid_bytes($id) . $sha256 . u64($pos) . (length $sig ? sha256($sig) : '') . $word;
}

# Does the result lead from these own bytes to the receipt's root?
sub covered ($receipt, $result, $item_id, $sha256, $sig = '') {
    return 0 if !$receipt || !$result->{leaf} || !defined $result->{pos} || $result->{item_id} ne $item_id;
    return 0 if $result->{verdict} !~ /\A(?:accepted|duplicate|conflict)\z/;
    my $leaf = leaf_of($item_id, $sha256, $result->{pos}, $result->{verdict}, $sig);
    my $root = root_from($leaf, $result->{leaf}->@{qw(index size path)});
    return defined $root && $root eq $receipt->{root};
}

# RFC 9162, 2.1.3.2. undef when the path does not fit the size.
sub root_from ($leaf, $index, $size, $path) {
    return undef if $index >= $size;
    my ($left, $last, $root) = ($index, $size - 1, _leaf_hash($leaf));
    for my $sibling (@$path) {
        return undef if $last == 0;
        if ($left & 1 || $left == $last) {
            $root = _node_hash($sibling, $root);
            while (!($left & 1) && $left) { $left >>= 1; $last >>= 1 }
        }
        else { $root = _node_hash($root, $sibling) }
        $left >>= 1;
        $last >>= 1;
    }
    return $last == 0 ? $root : undef;
}

# Of at least one leaf.
sub merkle_root (@leaves) {
    return _leaf_hash($leaves[0]) if @leaves == 1;
    my $split = 1;
    $split *= 2 while $split * 2 < @leaves;
    return _node_hash(merkle_root(@leaves[0 .. $split - 1]), merkle_root(@leaves[$split .. $#leaves]));
}

sub _leaf_hash ($leaf) { return sha256("\x00$leaf") }
sub _node_hash ($left, $right) { return sha256("\x01$left$right") }

# 1, 0, or undef when the set has not the key.
sub message_holds ($feed_id, $message, $keys) {
    my $point = _receipt_key($message->{kid}, $keys) // return undef;
    my $kind  = Encode::encode('UTF-8', $message->{kind});
    my $text  = "$LABEL/message/sig" . uuid_bytes($feed_id) . uuid_bytes($message->{id}) . u64($message->{pos})
        . chr(length $kind) . $kind . sha256($message->{sealed});
    return signature_holds($point, $text, $message->{sig});
}

1;
